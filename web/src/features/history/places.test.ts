import { expect, test } from 'vitest';
import type { ItemView, RevisionView } from '../../api/schema';
import { contextOf, revertPlace, rollbackPlace } from './places';

function revision(changes: Partial<ItemView>[], changed = changes.length): RevisionView {
  const items = changes.map((one) => ({ item: 'entry', op: 'put', previous: 0, env: 'prod', ...one }));
  return { revision: 7, changes: items, changed } as RevisionView;
}

test('a revision of one namespace can be rolled back to', () => {
  const one = revision([
    { namespace: 'orders', key: 'a' },
    { namespace: 'orders', key: 'b' },
  ]);
  expect(rollbackPlace(one)).toEqual({ env: 'prod', ns: 'orders' });
  expect(revertPlace(one)).toEqual({ env: 'prod', ns: 'orders' });
});

test('with several namespaces it depends on whose history one looks at', () => {
  const wide = revision([
    { namespace: 'orders', key: 'a' },
    { namespace: 'tax', key: 'b' },
  ]);
  expect(rollbackPlace(wide)).toBeNull();
  expect(rollbackPlace(wide, 'prod', 'tax')).toEqual({ env: 'prod', ns: 'tax' });
  expect(rollbackPlace(revision([{ namespace: 'orders', key: 'a' }], 40))).toBeNull();
});

test('a change of an environment itself is not reverted', () => {
  expect(revertPlace(revision([{ item: 'environment' }]))).toBeNull();
});

test('a revision is looked at in the history that the address names, else in the narrowest', () => {
  const one = revision([{ namespace: 'orders', key: 'a' }]);
  expect(contextOf(one, {})).toEqual({ env: 'prod', namespace: 'orders', key: undefined });
  expect(contextOf(one, { env: 'prod' })).toEqual({ env: 'prod', namespace: undefined, key: undefined });
  expect(contextOf(revision([{ env: 'dev' }, { env: 'prod' }]), {}).env).toBeUndefined();
});
