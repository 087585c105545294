import { expect, test } from 'vitest';
import type { ChangedView, DiffEntryView, EnvironmentView } from '../../api/schema';
import { bodyOf, demandsOf, environmentsOf, planOf, relevant } from './plan';

const scope = { env: 'prod', ns: 'orders' };

test('the address says what is to be done', () => {
  expect(planOf({})).toBeNull();
  expect(planOf({ to: 'soon' })).toBeNull();
  expect(planOf({ to: '0' })).toEqual({ kind: 'rollback', to: 0, key: undefined });
  expect(planOf({ revert: '7', to: '3' })).toEqual({ kind: 'revert', revert: 7 });
});

test('a rollback names its scope, a revert does not', () => {
  expect(bodyOf(scope, { kind: 'rollback', to: 3, key: 'a.yaml' })).toEqual({
    env: 'prod',
    namespace: 'orders',
    to: 3,
    keys: ['a.yaml'],
  });
  expect(bodyOf(scope, { kind: 'revert', revert: 7 })).toEqual({ revert: 7 });
});

test('what else differs from then is not shown', () => {
  const changes = [{ env: 'prod', namespace: 'orders', key: 'a' }] as ChangedView[];
  const entries = [
    { namespace: 'orders', key: 'a' },
    { namespace: 'orders', key: 'b' },
  ] as DiffEntryView[];
  expect(relevant('prod', changes, entries)).toEqual([entries[0]]);
  expect(relevant('dev', changes, entries)).toEqual([]);
  expect(environmentsOf('dev', changes)).toEqual(['dev', 'prod']);
});

test('production is confirmed by its name, also when it is changed from elsewhere', () => {
  const environments = [
    { name: 'dev', protected: false },
    { name: 'live', protected: true, tier: 'prod' },
  ] as EnvironmentView[];
  expect(demandsOf(['dev'], environments)).toEqual({ message: false, confirm: null });
  expect(demandsOf(['dev', 'live'], environments)).toEqual({ message: true, confirm: 'live' });
});
