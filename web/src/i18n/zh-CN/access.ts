// features/access 页面的文字。
import type * as en from '../en/access';

export const access: typeof en.access = {
  title: '权限',
};
