import { expect, test } from 'vitest';
import { fromLines, toLines, words } from './pairs';
import { parseSubject } from './subjects';

test('pairs go to lines and back', () => {
  const pairs = { 'Platform Team': 'platform', '/kubernetes.io/namespace': 'a=b' };
  expect(fromLines(toLines(pairs))).toEqual({ pairs });
  expect(fromLines('\n  \n')).toEqual({ pairs: {} });
});

test('a line that is no pair is named', () => {
  expect(fromLines('a = b\nc')).toEqual({ bad: 2 });
  expect(fromLines('= b')).toEqual({ bad: 1 });
  expect(fromLines('a =')).toEqual({ bad: 1 });
});

test('words may have spaces or commas between', () => {
  expect(words(' profile,  groups\n')).toEqual(['profile', 'groups']);
  expect(words('')).toEqual([]);
});

test('a subject is a kind with a name', () => {
  expect(parseSubject('group:orders-team')).toEqual({ kind: 'group', name: 'orders-team' });
  expect(parseSubject('user:ann.lee')).toEqual({ kind: 'user', name: 'ann.lee' });
});
