// A text with its format, to be read or edited. What draws it is loaded when it is first needed.
import { lazy, Suspense } from 'react';
import type { Format } from '../api/schema';
import { useT } from '../i18n';
import { Skeleton } from '../ui/States';

/** Something wrong at a place; lines and columns from 1. */
export interface TextProblem {
  tone: 'bad' | 'warn';
  line: number;
  column: number;
  message: string;
}

export interface CodeEditorProps {
  /** The text. A new one replaces what is shown; what is typed comes back by `onEdit`. */
  text: string;
  /** Another number shows `text` again, over what was typed. */
  version?: number;
  format: Format;
  /** What the text is, for screen readers. */
  label: string;
  readOnly?: boolean;
  problems?: TextProblem[];
  /** Looks for errors of syntax by itself. */
  judged?: boolean;
  /** Told at every change; the text is put together only when it is asked for. */
  onEdit?: (text: () => string) => void;
  /** As high as its text, instead of what is left of the window. */
  low?: boolean;
  /** Marks what differs from this text. */
  against?: string;
  autoFocus?: boolean;
  /** The line that is selected and brought into sight at first. */
  line?: number | undefined;
}

const CodePane = lazy(() => import('./codemirror').then((parts) => ({ default: parts.CodePane })));

export function CodeEditor(props: CodeEditorProps) {
  const t = useT();
  return (
    <Suspense fallback={<Skeleton label={t.common.loading} lines={12} />}>
      <CodePane {...props} />
    </Suspense>
  );
}
