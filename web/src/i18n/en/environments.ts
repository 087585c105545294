// Words of the screens in features/environments.
export const environments = {
  title: 'Environments',
};
