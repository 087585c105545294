import { beforeEach, expect, test } from 'vitest';
import { keepPlace, recentPlaces } from './recent';

beforeEach(() => localStorage.clear());

test('what was looked at again moves to the front, and old ones leave', () => {
  for (let nth = 0; nth < 14; nth++) keepPlace({ env: 'dev', ns: 'a', key: String(nth) });
  keepPlace({ env: 'dev', ns: 'a', key: '5' });
  const keys = recentPlaces().map((one) => one.key);
  expect(keys.slice(0, 2)).toEqual(['5', '13']);
  expect(keys.length).toBe(12);
});

test('nonsense in the storage is nothing', () => {
  localStorage.setItem('pintle-recent', '{"a":');
  expect(recentPlaces()).toEqual([]);
  localStorage.setItem('pintle-recent', '[1, null, {"env": "dev", "ns": "a"}]');
  expect(recentPlaces()).toEqual([{ env: 'dev', ns: 'a' }]);
});
