import { expect, test } from 'vitest';
import { isColour } from './colours';

test('a colour is six hexadecimal digits', () => {
  for (const good of ['#0f7d84', '#ABCDEF']) expect(isColour(good), good).toBe(true);
  for (const bad of ['', '#fff', 'red', '#0f7d8g', '0f7d84']) expect(isColour(bad), bad).toBe(false);
});
