import { expect, test } from 'vitest';
import { formatOf } from './formats';

test('the extension of the last part says the format, as at the server', () => {
  expect(formatOf('regions/eu.1/limits.JSON')).toBe('json');
  expect(formatOf('a.yml')).toBe('yaml');
  expect(formatOf('w.env')).toBe('env');
  expect(formatOf('.env')).toBe('env');
  expect(formatOf('.env.production')).toBe('env');
  expect(formatOf('a.txt')).toBe('text');
});

test('other names suggest nothing', () => {
  for (const key of ['.yaml', 'x.yaml/readme', 'logo.png', 'Makefile', 'a.constructor'])
    expect(formatOf(key), key).toBeNull();
});
