// Words of the screens in features/access.
export const access = {
  title: 'Access',
};
