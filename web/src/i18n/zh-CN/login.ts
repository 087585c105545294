// features/login 页面的文字。
import type * as en from '../en/login';

export const login: typeof en.login = {
  title: '登录',
  submit: '登录',
};
