// features/compare 页面的文字。
import type * as en from '../en/compare';

export const compare: typeof en.compare = {
  title: '对比',
};
