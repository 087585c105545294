import { expect, test } from 'vitest';
import { ago, instantOf, localOf } from './time';

const now = new Date('2026-01-02T00:00:00Z');
const before = (seconds: number) => ago(new Date(now.getTime() - seconds * 1_000), now, 'en');

test('an instant is told in its largest whole unit', () => {
  expect(before(3)).toBe('now');
  expect(before(59)).toBe('59 sec. ago');
  expect(before(60)).toBe('1 min. ago');
  expect(before(3 * 3_600 + 1_800)).toBe('3 hr. ago');
  expect(before(86_400)).toBe('yesterday');
  expect(before(400 * 86_400)).toBe('last yr.');
});

test('local times become instants and are read again', () => {
  const instant = instantOf('2026-11-23T04:05');
  expect(instant).toMatch(/Z$/);
  expect(localOf(instant)).toBe('2026-11-23T04:05');
  expect(localOf(undefined)).toBe('');
});
