// Words of the screens in features/instances.
export const instances = {
  title: 'Instances',
};
