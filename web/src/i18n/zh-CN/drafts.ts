// features/drafts 页面的文字。
import type * as en from '../en/drafts';

export const drafts: typeof en.drafts = {
  title: '草稿',
};
