// A text with its format, to be read or edited.
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { openSearchPanel } from '@codemirror/search';
import { Compartment, EditorState, type Text, Transaction } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { Search } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { classes } from '../ui/classes';
import { Checkbox } from '../ui/Field';
import type { CodeEditorProps, TextProblem } from './CodeEditor';
import styles from './CodePane.module.css';
import { readOnly as reader, reading, writing } from './setup';
import { judging } from './syntax';
import { diffConfig, placeOf, separatorOf, textOf } from './texts';
import { useRoomBelow } from './useRoomBelow';

const NO_WRAP = 'pintle-nowrap';
const NO_PROBLEMS: TextProblem[] = [];

const separator = new Compartment();
const wrapping = new Compartment();

const wrapped = (wrap: boolean) => (wrap ? EditorView.lineWrapping : []);
const separated = (text: string) => EditorState.lineSeparator.of(separatorOf(text));

function diagnostic(doc: Text, { tone, line, column, message }: TextProblem): Diagnostic {
  const from = placeOf(doc, line, column);
  const to = Math.min(doc.lineAt(from).to, from + 1);
  return { from, to, severity: tone === 'bad' ? 'error' : 'warning', message };
}

export function CodePane({
  text,
  version = 0,
  format,
  label,
  readOnly = false,
  problems: given = NO_PROBLEMS,
  judged = false,
  onEdit,
  low,
  against,
  autoFocus = false,
  line,
}: CodeEditorProps) {
  const t = useT();
  const hint = useId();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  /** What is shown, from one view to the next. */
  const shown = useRef(text);
  const [wrap, setWrap] = useState(() => localStorage.getItem(NO_WRAP) === null);
  const [own, setOwn] = useState(NO_PROBLEMS);
  const problems = useMemo(() => (judged ? [...own, ...given] : given), [judged, own, given]);
  const latest = useRef({ onEdit, wrap, autoFocus });
  latest.current = { onEdit, wrap, autoFocus };

  // Another language of the console or another format makes another view of the same text.
  useEffect(() => {
    if (!host.current) return;
    const edited = EditorView.updateListener.of((update) => {
      const typed = update.transactions.some((one) => one.docChanged && !one.annotation(Transaction.remote));
      if (typed) latest.current.onEdit?.(() => update.state.sliceDoc());
    });
    const judge = judging(format, (place) =>
      setOwn(place ? [{ tone: 'bad', ...place, message: t.editor.syntax }] : NO_PROBLEMS),
    );
    const compared = (other: string) => [
      EditorView.editorAttributes.of({ 'data-diff': '' }),
      unifiedMergeView({ original: textOf(other), mergeControls: false, gutter: false, diffConfig }),
    ];
    const made = new EditorView({
      parent: host.current,
      doc: shown.current,
      extensions: [
        separator.of(separated(shown.current)),
        wrapping.of(wrapped(latest.current.wrap)),
        reading(format, label, t),
        readOnly ? reader : [writing, lintGutter(), edited, judged ? judge : []],
        EditorView.contentAttributes.of(readOnly ? {} : { 'aria-describedby': hint }),
        against === undefined ? [] : compared(against),
      ],
    });
    view.current = made;
    if (latest.current.autoFocus) made.focus();
    return () => {
      shown.current = made.state.sliceDoc();
      made.destroy();
    };
  }, [format, label, readOnly, judged, against, hint, t]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another version of the same text is a reason
  useEffect(() => {
    const { current } = view;
    if (!current || current.state.sliceDoc() === text) return;
    current.dispatch({ effects: separator.reconfigure(separated(text)) });
    current.dispatch({
      changes: { from: 0, to: current.state.doc.length, insert: current.state.toText(text) },
      annotations: Transaction.remote.of(true),
    });
  }, [text, version]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a view that was made again has none
  useEffect(() => {
    const { current } = view;
    if (!current || readOnly) return;
    const found = problems.map((problem) => diagnostic(current.state.doc, problem));
    current.dispatch(setDiagnostics(current.state, found));
    // The list takes room from the text: the line that is being written stays in sight.
    if (problems.length > 0 && current.hasFocus)
      current.dispatch({ effects: EditorView.scrollIntoView(current.state.selection.main.head) });
  }, [problems, format, label, readOnly, judged, against, hint, t]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a view that was made again shows its beginning
  useEffect(() => {
    const { current } = view;
    if (!current || line === undefined || !(line >= 1)) return;
    const { from, to } = current.state.doc.line(Math.min(Math.trunc(line), current.state.doc.lines));
    current.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(from, { y: 'center' }),
    });
  }, [line, format, label, readOnly, against, t]);

  const frame = useRoomBelow(!low);

  const goTo = ({ line, column }: TextProblem) => {
    const { current } = view;
    if (!current) return;
    const at = placeOf(current.state.doc, line, column);
    current.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    current.focus();
  };

  const chooseWrap = (next: boolean) => {
    if (next) localStorage.removeItem(NO_WRAP);
    else localStorage.setItem(NO_WRAP, '1');
    setWrap(next);
    view.current?.dispatch({ effects: wrapping.reconfigure(wrapped(next)) });
  };

  return (
    <div ref={frame} className={classes(styles.frame, low && styles.low)}>
      <div ref={host} className={styles.host} />
      <div aria-live="polite">
        {problems.length > 0 && (
          <ul className={styles.problems} aria-label={t.editor.problems}>
            {problems.map((problem) => (
              <li
                key={`${problem.line}:${problem.column}:${problem.message}`}
                className={styles[problem.tone]}
              >
                <button type="button" onClick={() => goTo(problem)}>
                  {t.editor.problem(problem.line, problem.column, problem.message)}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={styles.foot}>
        <Button
          small
          kind="quiet"
          icon={<Search aria-hidden />}
          onClick={() => view.current && openSearchPanel(view.current)}
        >
          {t.editor.find}
        </Button>
        <Checkbox
          label={t.editor.wrap}
          checked={wrap}
          onChange={(event) => chooseWrap(event.target.checked)}
        />
        <span id={hint} className={styles.hint}>
          {readOnly ? t.editor.readOnly : t.editor.leave}
        </span>
      </div>
    </div>
  );
}
