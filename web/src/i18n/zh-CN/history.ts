// features/history 页面的文字。
import type * as en from '../en/history';

export const history: typeof en.history = {
  title: '历史',
};
