// features/environments 页面的文字。
import type * as en from '../en/environments';

export const environments: typeof en.environments = {
  title: '环境',
};
