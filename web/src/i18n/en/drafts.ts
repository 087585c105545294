// Words of the screens in features/drafts.
export const drafts = {
  title: 'Drafts',
};
