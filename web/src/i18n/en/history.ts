// Words of the screens in features/history.
export const history = {
  title: 'History',
};
