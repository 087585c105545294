// features/instances 页面的文字。
import type * as en from '../en/instances';

export const instances: typeof en.instances = {
  title: '实例',
};
