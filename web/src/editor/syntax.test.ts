import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Format } from '../api/schema';
import { languageOf } from './languages';
import { judging, syntaxError } from './syntax';

const at = (format: Format, doc: string) =>
  syntaxError(EditorState.create({ doc, extensions: languageOf(format) }), format);

test('what parses is not complained about', () => {
  expect(at('json', '{"a": [1, "x"], "b": null}\n')).toBeNull();
  expect(
    at('yaml', '---\na: &x {b: 1}\nc: |\n  text\n\n  more\nd:\n  - <<: *x\n  - plain\n    text\n'),
  ).toBeNull();
  expect(at('xml', '<?xml version="1.0"?><a b="1"><c/></a>')).toBeNull();
});

test('the first error is told with its place', () => {
  expect(at('json', '{"a": 1,}')).toBe(8);
  expect(at('json', '')).toBe(0);
  expect(at('yaml', 'a: [1, 2')).toBe(8);
  expect(at('yaml', 'a: 1\n  b: 2')).toBe(8);
  expect(at('xml', '<a b=></a>')).toBe(5);
});

test('what JSON forbids and the grammar lets through is told as well', () => {
  expect(at('json', '{"a": "\u0001"}')).not.toBeNull();
  expect(at('json', '[01]')).not.toBeNull();
});

test('what cannot be judged here is not complained about', () => {
  expect(at('toml', 'a = = 1')).toBeNull();
  expect(at('text', '{')).toBeNull();
  expect(at('xml', '<!DOCTYPE a [<!ELEMENT a (b+)>]><a></b>')).toBeNull();
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a text is judged at first, and a moment after it was typed into', () => {
  const tell = vi.fn();
  const view = new EditorView({ doc: '{\n}', extensions: [languageOf('json'), judging('json', tell)] });
  vi.advanceTimersByTime(0);
  expect(tell.mock.calls).toEqual([[null]]);
  view.dispatch({ changes: { from: 2, insert: 'x' } });
  vi.advanceTimersByTime(200);
  expect(tell).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(100);
  expect(tell).toHaveBeenLastCalledWith({ line: 2, column: 1 });
  view.destroy();
});
