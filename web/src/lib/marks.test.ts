import { expect, test } from 'vitest';
import { marked } from './marks';

const shown = (text: string, ...ranges: [number, number][]) =>
  marked(
    text,
    ranges.map(([start_char, end_char]) => ({ start_char, end_char })),
  )
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('');

test('ranges are marked and the rest is kept', () => {
  expect(shown('pool: 10', [0, 4])).toBe('[pool]: 10');
  expect(shown('a-b-a', [0, 1], [4, 5])).toBe('[a]-b-[a]');
  expect(shown('none')).toBe('none');
});

test('ranges count characters, not UTF-16 units', () => {
  expect(shown('😀数据库 pool', [1, 4])).toBe('😀[数据库] pool');
});

test('ranges beyond the end mark what there is', () => {
  expect(shown('ab', [1, 9])).toBe('a[b]');
});
