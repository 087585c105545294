// Words of the screens in features/search.
export const search = {
  title: 'Search',
};
