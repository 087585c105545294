import { expect, test } from 'vitest';
import { filterOf, readChosen, toggled, writeChosen } from './filters';

test('at most two revisions are chosen, and the address keeps them', () => {
  expect(toggled([], 7)).toEqual([7]);
  expect(toggled([7, 9], 12)).toEqual([9, 12]);
  expect(toggled([7, 9], 7)).toEqual([9]);
  expect(readChosen(writeChosen([7, 9]))).toEqual([7, 9]);
  expect(readChosen(undefined)).toEqual([]);
  expect(readChosen('7-x-7-0-9-11')).toEqual([7, 9]);
});

test('what the address says in vain narrows nothing', () => {
  const filter = filterOf('dev', undefined, { kind: 'nonsense', key: 'a.yaml', since: 'soon', actor: '' });
  expect(Object.values(filter).filter((value) => value !== undefined)).toEqual(['dev']);
});

test('a key narrows the history of a namespace', () => {
  expect(filterOf('dev', 'orders', { key: 'a.yaml', kind: 'revert' })).toMatchObject({
    key: 'a.yaml',
    kind: 'revert',
  });
});
