import { expect, test } from 'vitest';
import { ProblemError } from '../../api/problem';
import type { DraftChangeView, EntryView } from '../../api/schema';
import { bodyOf, isLive, judged, marksOf, sameChange } from './changes';

const change = (more: Partial<DraftChangeView>): DraftChangeView => ({
  namespace: 'orders',
  key: 'a.yaml',
  op: 'put',
  format: 'yaml',
  content: 'a: 1\n',
  if_revision: 3,
  ...more,
});

const refused = (
  code: string,
  fields: { field: string; line?: number; column?: number; problem: string }[],
) => ProblemError.of(new Response(null, { status: 422 }), { code, fields });

test('what the server adds to a change makes it no other one', () => {
  expect(sameChange(change({}), change({ moved: true, theirs: { format: 'yaml' } }))).toBe(true);
  expect(sameChange(change({}), change({ content: 'a: 2\n' }))).toBe(false);
  expect(sameChange(change({}), undefined)).toBe(false);
  expect(sameChange(undefined, undefined)).toBe(true);
});

test('marks are only said when they were chosen', () => {
  const edit = { text: '', format: 'yaml', marks: { kind: 'as-is' } } as const;
  expect(bodyOf({ namespace: 'n', key: 'k' }, edit, 0)).not.toHaveProperty('secret');
  expect(marksOf(change({ secret: false }))).toEqual({ kind: 'as-is' });
  expect(marksOf(change({ secret_paths: ['/a'] }))).toEqual({ kind: 'paths', paths: ['/a'] });
});

test('an edit that was taken back is what is live', () => {
  const live = { content: 'a: 1\n', format: 'yaml' } as EntryView;
  expect(isLive({ text: 'a: 1\n', format: 'yaml', marks: { kind: 'as-is' } }, live)).toBe(true);
  expect(isLive({ text: 'a: 1\n', format: 'yaml', marks: { kind: 'whole' } }, live)).toBe(false);
  expect(isLive({ text: 'a: 1\n', format: 'yaml', marks: { kind: 'as-is' } }, null)).toBe(false);
});

test('problems with a line stand at their place, and those of other changes nowhere', () => {
  const error = refused('invalid_content', [
    { field: 'changes[0].content', line: 3, column: 2, problem: 'no' },
    { field: 'changes[1].content', line: 9, problem: 'not mine' },
  ]);
  expect(judged(error, [], 'changes[0].')).toEqual({
    problems: [{ tone: 'bad', line: 3, column: 2, message: 'no' }],
    refusal: null,
  });
  expect(judged(error, [], 'changes[2].')).toEqual({ problems: [], refusal: null });
});

test('who may not publish still sees nothing wrong with the text', () => {
  expect(judged(refused('denied', []), [], 'changes[0].').refusal).toBeNull();
  expect(judged(refused('no_master_key', []), [], 'changes[0].').refusal).not.toBeNull();
});
