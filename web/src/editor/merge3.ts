// Two edits of one text, put together by lines. Algorithm: diff3 (Khanna, Kunal, Pierce: A Formal Investigation of Diff3, 2007).
import type { Chunk } from '@codemirror/merge';
import type { Text } from '@codemirror/state';
import { chunksOf, textOf } from './texts';

export interface Merged {
  text: string;
  /** Where both changed the same lines; my text stands there. Lines from 1. */
  clashes: number[];
}

interface Hunk {
  /** Lines of the base, from 0, without the last. */
  from: number;
  to: number;
  lines: string[];
}

const lineOf = (doc: Text, at: number) => (at > doc.length ? doc.lines : doc.lineAt(at).number - 1);

function hunksOf(base: Text, other: Text): Hunk[] {
  return chunksOf(base, other).map((chunk: Chunk) => {
    const from = lineOf(base, chunk.fromA);
    const to = chunk.fromA === chunk.toA ? from : lineOf(base, chunk.endA) + 1;
    const first = lineOf(other, chunk.fromB);
    const last = chunk.fromB === chunk.toB ? first : lineOf(other, chunk.endB) + 1;
    return { from, to, lines: other.toJSON().slice(first, last) };
  });
}

/** The lines of a side for a stretch of the base. */
function side(base: string[], hunks: Hunk[], from: number, to: number): string[] {
  const lines: string[] = [];
  let at = from;
  for (const hunk of hunks) {
    lines.push(...base.slice(at, hunk.from), ...hunk.lines);
    at = hunk.to;
  }
  return [...lines, ...base.slice(at, to)];
}

export function merge3(base: string, theirs: string, mine: string): Merged {
  const doc = textOf(base);
  const lines = doc.toJSON();
  const [left, right] = [hunksOf(doc, textOf(theirs)), hunksOf(doc, textOf(mine))];
  const merged: string[] = [];
  const clashes: number[] = [];
  let [at, l, r] = [0, 0, 0];
  for (;;) {
    const [a, b] = [left[l], right[r]];
    const first = a && (!b || a.from <= b.from) ? a : b;
    if (!first) break;
    // Everything that touches belongs together.
    let [from, to, endL, endR] = [first.from, first.to, l, r];
    for (let grown = true; grown; ) {
      grown = false;
      const [nextL, nextR] = [left[endL], right[endR]];
      for (const [next, isLeft] of [
        [nextL, true],
        [nextR, false],
      ] as const) {
        if (!next || next.from > to || grown) continue;
        to = Math.max(to, next.to);
        if (isLeft) endL++;
        else endR++;
        grown = true;
      }
    }
    from = Math.max(from, at);
    merged.push(...lines.slice(at, from));
    const [ofLeft, ofRight] = [left.slice(l, endL), right.slice(r, endR)];
    const [theirLines, myLines] = [side(lines, ofLeft, from, to), side(lines, ofRight, from, to)];
    const same = theirLines.join('\n') === myLines.join('\n');
    if (ofRight.length === 0) merged.push(...theirLines);
    else {
      if (ofLeft.length > 0 && !same) clashes.push(merged.length + 1);
      merged.push(...myLines);
    }
    [at, l, r] = [to, endL, endR];
  }
  merged.push(...lines.slice(at));
  return { text: merged.join('\n'), clashes };
}
