// Words of the screens in features/welcome.
export const welcome = {
  title: 'Welcome',
};
