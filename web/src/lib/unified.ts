// Reads the unified diffs that the server writes.

interface DiffLine {
  sign: ' ' | '+' | '-';
  text: string;
  /** Its number on the left; absent when it is not there. */
  left?: number;
  right?: number;
  /** The last line of a text without an end of line. */
  open?: boolean;
}

export interface Hunk {
  lines: DiffLine[];
  /** How many lines that are the same on both sides stand between the hunk before and this one. */
  skipped: number;
}

export interface Unified {
  hunks: Hunk[];
  added: number;
  removed: number;
}

const HEAD = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** The hunks of a unified diff, with the numbers of the lines. */
export function parseUnified(text: string): Unified {
  const found: Unified = { hunks: [], added: 0, removed: 0 };
  let hunk: Hunk | null = null;
  let [left, right] = [1, 1];
  // The head of a hunk says how long it is: a line of a text may look like one.
  let [leftEnd, rightEnd] = [0, 0];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    if (line.startsWith('\\')) {
      const last = hunk?.lines.at(-1);
      if (last) last.open = true;
      continue;
    }
    if (left >= leftEnd && right >= rightEnd) {
      const head = HEAD.exec(line);
      if (!head) continue;
      const [leftCount, rightCount] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
      // An empty range names the line before it.
      const from = Number(head[1]) + (leftCount === 0 ? 1 : 0);
      hunk = { lines: [], skipped: from - left };
      left = from;
      right = Number(head[3]) + (rightCount === 0 ? 1 : 0);
      [leftEnd, rightEnd] = [left + leftCount, right + rightCount];
      found.hunks.push(hunk);
      continue;
    }
    const content = line.slice(1);
    if (line.startsWith('+')) {
      hunk?.lines.push({ sign: '+', text: content, right: right++ });
      found.added++;
    } else if (line.startsWith('-')) {
      hunk?.lines.push({ sign: '-', text: content, left: left++ });
      found.removed++;
    } else {
      hunk?.lines.push({ sign: ' ', text: content, left: left++, right: right++ });
    }
  }
  return found;
}
