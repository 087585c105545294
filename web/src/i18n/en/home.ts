// Words of the screens in features/home.
export const home = {
  title: 'Home',
};
