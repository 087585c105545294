// Places and lines of texts, as the server counts them and as CodeMirror does.
import { Chunk, type DiffConfig } from '@codemirror/merge';
import { Text } from '@codemirror/state';

/** The default gives up on detail after 500 characters, and shows a file with many small changes as one large one. */
export const diffConfig: DiffConfig = { timeout: 500 };

/** A text by its lines. A carriage return stays where it is, so that it shows as the difference that it is. */
export function textOf(text: string): Text {
  return Text.of(text.split('\n'));
}

/** What ends the lines of a text, so that what was not edited stays as it was. */
export function separatorOf(text: string): '\n' | '\r\n' {
  return text.includes('\r\n') && !/(^|[^\r])\n/.test(text) ? '\r\n' : '\n';
}

/** The place of a line and a column, both from 1; columns are characters, not halves of them. */
export function placeOf(doc: Text, line: number, column: number): number {
  const found = doc.line(Math.max(1, Math.min(line, doc.lines)));
  let at = 0;
  for (const character of found.text) {
    if (--column < 1) break;
    at += character.length;
  }
  return found.from + at;
}

function linesWithin(doc: Text, from: number, end: number, empty: boolean): number {
  return empty ? 0 : doc.lineAt(end).number - doc.lineAt(from).number + 1;
}

/** How many lines came and went. */
export function countLines(left: Text, right: Text, chunks: readonly Chunk[]) {
  let [added, removed] = [0, 0];
  for (const chunk of chunks) {
    removed += linesWithin(left, chunk.fromA, chunk.endA, chunk.fromA === chunk.toA);
    added += linesWithin(right, chunk.fromB, chunk.endB, chunk.fromB === chunk.toB);
  }
  return { added, removed };
}

export function chunksOf(left: Text, right: Text): readonly Chunk[] {
  return Chunk.build(left, right, diffConfig);
}
