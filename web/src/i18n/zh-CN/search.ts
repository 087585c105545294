// features/search 页面的文字。
import type * as en from '../en/search';

export const search: typeof en.search = {
  title: '搜索',
};
