// A change of an entry between the editor and the server.
import type { ProblemError } from '../../api/problem';
import type { DraftChangeBody, DraftChangeView, EntryView, Format, Warning } from '../../api/schema';
import type { TextProblem } from '../../editor/CodeEditor';

/** What is to be secret; nothing chosen leaves it as it is. */
export type Marks = { kind: 'as-is' } | { kind: 'whole' } | { kind: 'paths'; paths: string[] };

/** An entry as somebody edits it. */
export interface Edit {
  text: string;
  format: Format;
  marks: Marks;
}

export interface Place {
  namespace: string;
  key: string;
}

/** The marks that a draft says. */
export function marksOf(change: DraftChangeView | undefined): Marks {
  if (change?.secret) return { kind: 'whole' };
  if (change?.secret_paths?.length) return { kind: 'paths', paths: change.secret_paths };
  return { kind: 'as-is' };
}

export function bodyOf({ namespace, key }: Place, edit: Edit, ifRevision: number): DraftChangeBody {
  const { text: content, format, marks } = edit;
  // Paths that are not written yet mark nothing.
  const paths = marks.kind === 'paths' && marks.paths.length > 0 ? { secret_paths: marks.paths } : {};
  const said = marks.kind === 'whole' ? { secret: true } : paths;
  return { namespace, key, op: 'put', format, content, if_revision: ifRevision, ...said };
}

/** Whether two states of the change of an entry are one, so that nobody touched it in between. */
export function sameChange(a: DraftChangeView | undefined, b: DraftChangeView | undefined): boolean {
  const shape = (one: DraftChangeView | undefined) =>
    one && [
      one.op,
      one.format ?? null,
      one.content ?? null,
      one.content_base64 ?? null,
      one.secret ?? null,
      one.secret_paths ?? null,
      one.if_revision,
    ];
  return JSON.stringify(shape(a)) === JSON.stringify(shape(b));
}

/** Whether an edit leaves an entry as it is live. */
export function isLive(edit: Edit, live: EntryView | null | undefined): boolean {
  return (
    live?.content === edit.text &&
    live.format === edit.format &&
    edit.marks.kind === 'as-is' &&
    !live.redacted
  );
}

/** Refusals that are about the content of a change, and not about when or by whom it is published. */
const ABOUT_CONTENT: string[] = [
  'invalid_content',
  'invalid_marker',
  'invalid',
  'sealed_stays',
  'too_large',
  'over_limit',
  'no_master_key',
];

export interface Judged {
  /** What stands at a place of the text. */
  problems: TextProblem[];
  /** What is wrong with it, at no place. */
  refusal: ProblemError | null;
}

/** What is wrong with the content of one change; `field` begins the names of its fields. */
export function judged(refusal: ProblemError | undefined, warnings: Warning[], field: string): Judged {
  const problems: TextProblem[] = warnings.map(({ line, column, message }) => ({
    tone: 'warn',
    line,
    column,
    message,
  }));
  if (!refusal || !ABOUT_CONTENT.includes(refusal.code)) return { problems, refusal: null };
  const fields = refusal.problem.fields ?? [];
  const mine = fields.filter((one) => one.field.startsWith(field));
  // Somebody else's fault, of another change of the same draft.
  if (fields.length > 0 && mine.length === 0) return { problems, refusal: null };
  const placed = mine.filter((one) => one.line != null);
  for (const one of placed)
    problems.push({ tone: 'bad', line: one.line ?? 1, column: one.column ?? 1, message: one.problem });
  return { problems, refusal: placed.length === 0 ? refusal : null };
}
