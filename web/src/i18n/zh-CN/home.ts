// features/home 页面的文字。
import type * as en from '../en/home';

export const home: typeof en.home = {
  title: '首页',
};
