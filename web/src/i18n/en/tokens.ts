// Words of the screens in features/tokens.
export const tokens = {
  title: 'Tokens',
};
