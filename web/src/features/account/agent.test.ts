import { expect, test } from 'vitest';
import { shortAgent } from './agent';

test('a browser is told by its name and system', () => {
  expect(
    shortAgent(
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
    ),
  ).toBe('Chrome · Linux');
  expect(
    shortAgent('Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) AppleWebKit/605 Version/17 Safari/605'),
  ).toBe('Safari · macOS');
});

test('whatever else there is stays as it is', () => {
  expect(shortAgent('pintle/1.2.3')).toBe('pintle/1.2.3');
  expect(shortAgent('Mozilla/5.0')).toBe('Mozilla/5.0');
});
