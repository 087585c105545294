import { expect, test } from 'vitest';
import { isName, isPattern } from './names';

test('names are short and plain', () => {
  for (const good of ['a', 'prod-eu', 'ann.lee', 'x_1', 'a'.repeat(64)])
    expect(isName(good), good).toBe(true);
  for (const bad of ['', 'Prod', 'a b', 'ä', 'a*', 'a'.repeat(65)]) expect(isName(bad), bad).toBe(false);
});

test('patterns are names with stars', () => {
  for (const good of ['*', 'prod-*', '*.eu']) expect(isPattern(good), good).toBe(true);
  for (const bad of ['', 'prod ?', 'P*']) expect(isPattern(bad), bad).toBe(false);
});
