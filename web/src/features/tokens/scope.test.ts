import { expect, test } from 'vitest';
import { endsSoon, scopeFields, toItem } from './scope';

const part = { environment: 'prod-*', namespace: '*', key_prefix: '' };

test('a part is a role or single actions, never both', () => {
  const fields = { ...scopeFields(), part };
  expect(toItem(fields)).toEqual({ ...part, role: 'viewer' });
  expect(toItem({ ...fields, by: 'actions', actions: ['read', 'freeze'] })).toEqual({
    ...part,
    actions: ['read', 'freeze'],
  });
});

test('a token that ends within two weeks ends soon', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(endsSoon('2026-01-10T00:00:00Z', now)).toBe(true);
  expect(endsSoon('2026-01-20T00:00:00Z', now)).toBe(false);
  expect(endsSoon(null, now)).toBe(false);
});
