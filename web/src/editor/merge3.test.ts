import { expect, test } from 'vitest';
import { merge3 } from './merge3';

const base = 'a\nb\nc\nd\ne\n';

test('edits of different places are both there', () => {
  expect(merge3(base, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n')).toEqual({
    text: 'A\nb\nc\nd\nE\n',
    clashes: [],
  });
});

test('lines that came and went on either side', () => {
  expect(merge3(base, 'a\nb\nnew\nc\nd\ne\n', 'a\nb\nc\nd\n')).toEqual({
    text: 'a\nb\nnew\nc\nd\n',
    clashes: [],
  });
  expect(merge3(base, 'b\nc\nd\ne\n', 'a\nb\nc\nd\ne\nend\n')).toEqual({
    text: 'b\nc\nd\ne\nend\n',
    clashes: [],
  });
});

test('where both changed the same line mine stands, and it is told', () => {
  expect(merge3(base, 'a\nb\ntheirs\nd\ne\n', 'a\nb\nmine\nd\ne\n')).toEqual({
    text: 'a\nb\nmine\nd\ne\n',
    clashes: [3],
  });
});

test('the same edit on both sides is no clash', () => {
  expect(merge3(base, 'a\nb\nX\nd\ne\n', 'a\nb\nX\nd\ne\n')).toEqual({
    text: 'a\nb\nX\nd\ne\n',
    clashes: [],
  });
});

test('one side alone is that side', () => {
  expect(merge3(base, base, 'x\n').text).toBe('x\n');
  expect(merge3(base, '', base).text).toBe('');
  expect(merge3('', '', 'a\n').text).toBe('a\n');
});
