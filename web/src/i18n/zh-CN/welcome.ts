// features/welcome 页面的文字。
import type * as en from '../en/welcome';

export const welcome: typeof en.welcome = {
  title: '欢迎',
};
