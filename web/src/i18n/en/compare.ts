// Words of the screens in features/compare.
export const compare = {
  title: 'Compare',
};
