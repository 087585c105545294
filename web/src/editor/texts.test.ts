import { expect, test } from 'vitest';
import { chunksOf, countLines, placeOf, separatorOf, textOf } from './texts';

function counted(left: string, right: string) {
  const [a, b] = [textOf(left), textOf(right)];
  return countLines(a, b, chunksOf(a, b));
}

test('lines that came and went are counted', () => {
  expect(counted('a\nb\nc\n', 'a\nB\nc\nd\n')).toEqual({ added: 2, removed: 1 });
  expect(counted('a\n', 'a\n')).toEqual({ added: 0, removed: 0 });
});

test('many small changes of a large text stay many', () => {
  const lines = Array.from({ length: 2_000 }, (_, nth) => `key_${nth}: value ${nth}`);
  const edited = lines.map((line, nth) => (nth % 125 === 60 ? `${line} edited` : line));
  expect(chunksOf(textOf(lines.join('\n')), textOf(edited.join('\n')))).toHaveLength(16);
});

test('places count characters, not halves of them', () => {
  const doc = textOf('a\n😀x: 1\n');
  expect(doc.sliceString(placeOf(doc, 2, 2))).toBe('x: 1\n');
  expect(placeOf(doc, 99, 99)).toBe(doc.length);
  expect(placeOf(doc, 0, 0)).toBe(0);
});

test('line ends stay what they were', () => {
  expect(separatorOf('a\r\nb\r\n')).toBe('\r\n');
  expect(separatorOf('a\r\nb\n')).toBe('\n');
  expect(separatorOf('a')).toBe('\n');
});
