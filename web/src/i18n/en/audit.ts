// Words of the screens in features/audit.
export const audit = {
  title: 'Audit',
};
