import { expect, test } from 'vitest';
import type { AuditRow } from '../../api/schema';
import { changedFields, outcomeOf, placeOf } from './rows';

const row = (part: Partial<AuditRow>) => part as AuditRow;

test('only fields that differ are told', () => {
  const both = row({ before: { role: 'viewer', until: null }, after: { role: 'admin', until: null } });
  expect(changedFields(both)).toEqual([{ field: 'role', before: 'viewer', after: 'admin' }]);
  expect(changedFields(row({ before: 0, after: 2 }))).toEqual([{ field: '', before: '0', after: '2' }]);
  expect(changedFields(row({ after: { kinds: ['a'] } }))).toEqual([
    { field: 'kinds', before: null, after: '["a"]' },
  ]);
  expect(changedFields(row({}))).toEqual([]);
});

test('a refusal is told from what was done', () => {
  expect(outcomeOf(row({ action: 'denied' }))).toBe('denied');
  expect(outcomeOf(row({ action: 'log_in_failed' }))).toBe('failed');
  expect(outcomeOf(row({ action: 'publish' }))).toBe('allowed');
});

test('a target is a place only where it names one', () => {
  expect(placeOf(row({ target: 'dev/a/x/y.yaml', env: 'dev', namespace: 'a' }))).toEqual({
    env: 'dev',
    ns: 'a',
    key: 'x/y.yaml',
  });
  expect(placeOf(row({ target: 'dev', env: 'dev' }))).toEqual({ env: 'dev' });
  expect(placeOf(row({ target: 'user:vera' }))).toBeNull();
  expect(placeOf(row({ target: '3 entries', env: 'dev', namespace: 'a' }))).toBeNull();
});
