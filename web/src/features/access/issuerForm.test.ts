import { expect, test } from 'vitest';
import { keysOf, ruleFields, rulesOf } from './issuerForm';

test('rules go into the form and out again', () => {
  const rule = { user: 'orders-svc', claims: { sub: 'system:*' }, groups: ['a', 'b'] };
  expect(rulesOf([ruleFields(rule)])).toEqual({ rules: [rule], bad: new Map() });
});

test('a line that is no claim is named with its rule', () => {
  const good = ruleFields({ user: 'a', claims: { sub: 'x' } });
  const bad = { ...ruleFields(), user: 'b', claims: 'sub = x\nnothing' };
  expect(rulesOf([good, bad]).bad).toEqual(new Map([[1, 2]]));
});

test('keys are a JWK set, or none', () => {
  expect(keysOf(' ')).toBe(null);
  expect(keysOf('{"keys": []}')).toEqual({ keys: [] });
  for (const bad of ['[]', '{}', 'x', 'null']) expect(keysOf(bad), bad).toBe('bad');
});
