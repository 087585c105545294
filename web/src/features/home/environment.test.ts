import { expect, test } from 'vitest';
import type { EnvironmentView, InstanceView, RevisionView } from '../../api/schema';
import { byImportance, environmentsOf, placeOf, refusalsOf, touched } from './environment';

const revision = (...changes: object[]) =>
  ({ changes, changed: changes.length + 3 }) as unknown as RevisionView;
const entry = (env: string, namespace: string, key: string) => ({ item: 'entry', env, namespace, key });

test('a change of several environments names each once', () => {
  expect(
    environmentsOf(revision(entry('prod', 'a', 'x'), entry('dev', 'a', 'x'), entry('dev', 'b', 'y'))),
  ).toEqual(['dev', 'prod']);
});

test('only a change of entries has a place to undo it from', () => {
  expect(placeOf(revision({ item: 'environment', env: 'dev' }))).toBeNull();
  expect(
    placeOf(revision({ item: 'namespace', env: 'dev', namespace: 'a' }, entry('dev', 'b', 'x'))),
  ).toEqual({
    env: 'dev',
    ns: 'b',
  });
});

test('what was touched is cut short and counted', () => {
  const many = revision(entry('dev', 'a', 'x'), entry('dev', 'a', 'y'), { item: 'environment', env: 'dev' });
  expect(touched(many, 2)).toEqual({ names: ['a/x', 'a/y'], others: 4 });
});

test('production stands first, and what has no tier last', () => {
  const all = [
    { name: 'a' },
    { name: 'dev', tier: 'dev' },
    { name: 'z', tier: 'prod' },
    { name: 'p', tier: 'prod' },
  ];
  expect(byImportance(all as EnvironmentView[]).map((one) => one.name)).toEqual(['p', 'z', 'dev', 'a']);
});

test('refusals of one change for one reason stand together', () => {
  const refused = (id: string, revision: number, reason?: string) => ({ id, rejected: { revision, reason } });
  const all = [refused('a', 7, 'x'), refused('b', 9), { id: 'c' }, refused('d', 9), refused('e', 7, 'y')];
  expect(refusalsOf(all as InstanceView[]).map((one) => one.ids)).toEqual([['b', 'd'], ['a'], ['e']]);
});
