// Words of the screens in features/search.
export const search = {
  title: 'Search',
  lead: 'Keys and contents of everything that you may read.',
  query: 'Text',
  placeholder: 'pool_size, orders/db, example.com …',
  where: 'Look in',
  places: { all: 'keys and contents', keys: 'keys', contents: 'contents' },
  anyEnvironment: 'any environment',
  anyNamespace: 'any namespace',
  found: (count: number, more: boolean) => {
    if (count === 0) return 'Nothing found';
    const entries = count === 1 ? '1 entry' : `${count} entries`;
    return more ? `The first ${entries}` : entries;
  },
  searching: 'Searching…',
  incomplete: 'Time ran out before everything was looked at.',
  goOn: 'Go on',
  matches: (count: number) =>
    count >= 1000 ? '1000 matches or more' : count === 1 ? '1 match' : `${count} matches`,
  sealed: 'sealed: only its key is searched',
  cut: '…',
  line: (line: number) => `line ${line}`,
  startTitle: 'What are you looking for?',
  startHint:
    'Part of a key, of a value or of a whole line. Case does not count. With a slash it may begin with the namespace: orders/db.',
  noneTitle: (text: string) => `Nothing has “${text}”`,
  noneHint: 'Try a shorter part of it. Secrets are not searched, and only what you may read is found.',
  everywhere: 'Search everywhere',
  too_long: 'At most 200 characters.',
};
