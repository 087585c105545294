// features/tokens 页面的文字。
import type * as en from '../en/tokens';

export const tokens: typeof en.tokens = {
  title: '令牌',
};
