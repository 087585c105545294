// features/audit 页面的文字。
import type * as en from '../en/audit';

export const audit: typeof en.audit = {
  title: '审计',
};
