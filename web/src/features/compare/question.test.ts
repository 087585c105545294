import { expect, test } from 'vitest';
import type { DiffEntryView } from '../../api/schema';
import { obstacle, questionOf, readPicked } from './question';

test('what would be taken over stands on the right', () => {
  expect(questionOf({ from_env: 'dev', to_env: 'prod', namespace: 'orders' })).toEqual({
    kind: 'environments',
    ask: { from_env: 'prod', to_env: 'dev', namespace: 'orders' },
    same: false,
  });
});

test('nothing is asked before both sides are there', () => {
  expect(questionOf({}).ask).toBeNull();
  expect(questionOf({ from_env: 'dev' }).ask).toBeNull();
  expect(questionOf({ from_env: 'dev', to_env: 'dev' })).toMatchObject({ ask: null, same: true });
  expect(questionOf({ env: 'dev' }).ask).toBeNull();
});

test('two revisions of one environment; without the second it is now', () => {
  expect(questionOf({ env: 'dev', from: '3', to: '9', key: 'lost without a namespace' }).ask).toEqual({
    env: 'dev',
    from: '3',
    to: '9',
  });
  expect(questionOf({ env: 'dev', from: '3' }).ask).toEqual({ env: 'dev', from: '3' });
});

test('sealed entries, and those that the source has not, are not taken over', () => {
  const entries = [
    { key: 'a', difference: 'changed' },
    { key: 'b', difference: 'added' },
    { key: 'c', difference: 'removed' },
    { key: 'd', difference: 'changed', sealed: true },
  ] as DiffEntryView[];
  expect(entries.map(obstacle)).toEqual([null, null, 'only there', 'sealed']);
  expect(readPicked('a,c,d,x', entries)).toEqual(['a']);
});
