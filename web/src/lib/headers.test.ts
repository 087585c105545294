import { expect, test } from 'vitest';
import { headerText } from './headers';

test('what a header carries are the bytes of UTF-8', () => {
  expect(headerText('why not')).toBe('why not');
  const sent = Uint8Array.from(headerText('清理 €'), (byte) => byte.charCodeAt(0));
  expect(new TextDecoder().decode(sent)).toBe('清理 €');
});
