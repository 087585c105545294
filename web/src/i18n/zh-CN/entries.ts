// features/entries 页面的文字。
import type * as en from '../en/entries';

export const entries: typeof en.entries = {
  title: '配置',
};
