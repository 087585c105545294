// Words of the screens in features/entries.
export const entries = {
  title: 'Entries',
};
