// Words of the screens in features/account.
export const account = {
  title: 'Account',
};
