import { expect, test } from 'vitest';
import { formatOfKey } from './formats';

test('the extension of the last part says the format, as at the server', () => {
  expect(formatOfKey('regions/eu.1/limits.JSON')).toBe('json');
  expect(formatOfKey('a.yml')).toBe('yaml');
  expect(formatOfKey('.env.production')).toBe('env');
  expect(formatOfKey('.yaml')).toBe('text');
  expect(formatOfKey('x.yaml/readme')).toBe('text');
  expect(formatOfKey('constructor')).toBe('text');
});
