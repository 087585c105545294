import { expect, test } from 'vitest';
import { isName, isPattern, keyProblem } from './names';

test('names follow the grammar of the server', () => {
  for (const good of ['a', 'dev', 'prod-eu', 'shared.mysql', 'a_b', '0', 'a'.repeat(64)])
    expect(isName(good), good).toBe(true);
  for (const bad of ['', '-a', 'a-', '.a', 'a.', 'A', 'a b', 'ä', 'a/b', 'a*', 'a'.repeat(65)])
    expect(isName(bad), bad).toBe(false);
});

test('patterns are names with stars', () => {
  for (const good of ['*', 'prod-*', '*.eu']) expect(isPattern(good), good).toBe(true);
  for (const bad of ['', 'prod ?', 'P*']) expect(isPattern(bad), bad).toBe(false);
});

test('keys are paths of plain segments', () => {
  for (const good of ['application.yaml', 'mesh/routes.yaml', 'A/b@c_d-e', '..a', 'k'.repeat(512)])
    expect(keyProblem(good)).toBeNull();
  expect(keyProblem('')).toEqual({ rule: 'empty' });
  for (const bad of ['/a', 'a/', 'a//b', '.', '..', 'a/../b'])
    expect(keyProblem(bad)).toEqual({ rule: 'segment' });
  expect(keyProblem('a b')).toEqual({ rule: 'letter', letter: ' ' });
  expect(keyProblem('k'.repeat(513))).toEqual({ rule: 'long' });
});
