import { expect, test } from 'vitest';
import { parseQuery, writeQuery } from './url';

test('numbers stay texts, and what is empty goes', () => {
  expect(writeQuery({ to: '40', key: 'a/b.yaml', none: undefined, empty: '' })).toBe('?to=40&key=a/b.yaml');
  expect(writeQuery({})).toBe('');
});

test('what was written is read again', () => {
  const texts = { q: 'a b&c=d', since: '2026-11-23T03:47:16Z', key: 'x/ä%2F' };
  expect(parseQuery(writeQuery(texts))).toEqual(texts);
});
