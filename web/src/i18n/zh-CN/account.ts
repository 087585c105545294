// features/account 页面的文字。
import type * as en from '../en/account';

export const account: typeof en.account = {
  title: '账户',
};
