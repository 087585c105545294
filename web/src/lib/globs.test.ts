import { expect, test } from 'vitest';
import { matches } from './globs';

test('a star crosses dots, and nothing else is special', () => {
  expect(matches('orders*', 'orders.eu')).toBe(true);
  expect(matches('*', '')).toBe(true);
  expect(matches('a.c', 'abc')).toBe(false);
  expect(matches('prod', 'prod-eu')).toBe(false);
});

test('both sides of an intersection must match', () => {
  expect(matches('prod*&*-eu', 'prod-eu')).toBe(true);
  expect(matches('prod*&*-eu', 'prod-us')).toBe(false);
});
