import { expect, test } from 'vitest';
import { safeNext } from './next';

test('a path of this server is taken', () => {
  expect(safeNext('/e/prod/n/orders?tab=history')).toBe('/e/prod/n/orders?tab=history');
  expect(safeNext('/')).toBe('/');
});

test('whatever may lead to another server is not', () => {
  for (const bad of [
    undefined,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/a\\b',
    'e/prod',
    '/a b',
    '/\tx',
    'javascript:alert(1)',
  ])
    expect(safeNext(bad), bad).toBe(null);
});
