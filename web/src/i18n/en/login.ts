// Words of the screens in features/login.
export const login = {
  title: 'Log in',
  submit: 'Log in',
};
