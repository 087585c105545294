import { expect, test } from 'vitest';
import { parseUnified } from './unified';

test('lines get their numbers on both sides', () => {
  const { hunks, added, removed } = parseUnified(
    '--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@\n same\n-old\n+new\n+more\n same\n@@ -20 +21 @@\n-a\n+b\n',
  );
  expect([added, removed]).toEqual([3, 2]);
  expect(hunks[0]?.lines.map(({ sign, left, right }) => [sign, left, right])).toEqual([
    [' ', 3, 3],
    ['-', 4, undefined],
    ['+', undefined, 4],
    ['+', undefined, 5],
    [' ', 5, 6],
  ]);
  expect(hunks.map((hunk) => hunk.skipped)).toEqual([2, 14]);
});

test('a new entry has no left side, and its last line may have no end', () => {
  const { hunks } = parseUnified(
    '--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n',
  );
  expect(hunks[0]?.skipped).toBe(0);
  expect(hunks[0]?.lines).toEqual([
    { sign: '+', text: 'a', right: 1 },
    { sign: '+', text: 'b', right: 2, open: true },
  ]);
});

test('lines that look like heads are lines', () => {
  const { hunks, added, removed } = parseUnified(
    '--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/x\n-@@ -1 +1 @@\n+++ b/x\n+c\n',
  );
  expect(hunks).toHaveLength(1);
  expect([added, removed]).toEqual([2, 2]);
});

test('an empty diff has no hunks', () => {
  expect(parseUnified('')).toEqual({ hunks: [], added: 0, removed: 0 });
});
