// Two texts and what differs between them: one below the other, or side by side.
import { type Chunk, MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension, type Text } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { ArrowDown, ArrowUp, ChevronsUpDown, Columns2, Rows2 } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useKey } from '../app/shortcuts';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import styles from './DiffPane.module.css';
import type { DiffViewProps } from './DiffView';
import { addWalkable, type Walkable, walk } from './hunks';
import { toggleLayout, useLayout } from './layout';
import { reading, readOnly } from './setup';
import { chunksOf, countLines, diffConfig, textOf } from './texts';

/** Lines that stay around a change. */
const MARGIN = 3;

interface Drawn {
  /** Side by side: the left one. */
  left: EditorView | null;
  right: EditorView;
  destroy: () => void;
}

function draw(
  parent: HTMLElement,
  [left, right]: [Text, Text],
  split: boolean,
  whole: boolean,
  [ofLeft, ofRight]: [Extension, Extension],
): Drawn {
  const common = [
    readOnly,
    EditorView.lineWrapping,
    EditorView.editorAttributes.of({ 'data-diff': '' }),
    EditorState.lineSeparator.of('\n'),
  ];
  const collapse = whole ? {} : { collapseUnchanged: { margin: MARGIN, minSize: 4 } };
  if (split) {
    const view = new MergeView({
      a: { doc: left, extensions: [ofLeft, common] },
      b: { doc: right, extensions: [ofRight, common] },
      parent,
      gutter: false,
      diffConfig,
      ...collapse,
    });
    return { left: view.a, right: view.b, destroy: () => view.destroy() };
  }
  const view = new EditorView({
    doc: right,
    extensions: [
      ofRight,
      common,
      unifiedMergeView({ original: left, mergeControls: false, gutter: false, diffConfig, ...collapse }),
    ],
    parent,
  });
  return { left: null, right: view, destroy: () => view.destroy() };
}

function show({ left, right }: Drawn, chunk: Chunk) {
  const onlyLeft = left !== null && chunk.fromB === chunk.toB;
  const view = onlyLeft ? left : right;
  const at = Math.min(onlyLeft ? chunk.fromA : chunk.fromB, view.state.doc.length);
  view.focus();
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
}

export function DiffPane({ left, right, format, labels }: DiffViewProps) {
  const t = useT();
  const { layout, choice } = useLayout();
  const [whole, setWhole] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLElement>(null);
  const walkable = useRef<Walkable | null>(null);
  const texts = useMemo<[Text, Text]>(() => [textOf(left), textOf(right)], [left, right]);
  const chunks = useMemo(() => chunksOf(...texts), [texts]);
  const { added, removed } = useMemo(() => countLines(...texts, chunks), [texts, chunks]);
  const split = layout === 'split' && left !== '' && right !== '';
  const summary = useId();

  useEffect(() => {
    if (!host.current || !frame.current || chunks.length === 0) return;
    const drawn = draw(host.current, texts, split, whole, [
      reading(format, labels.left, t),
      reading(format, split ? labels.right : `${labels.left} → ${labels.right}`, t),
    ]);
    const view: Walkable = {
      element: frame.current,
      count: chunks.length,
      show: (nth) => chunks[nth] && show(drawn, chunks[nth]),
    };
    walkable.current = view;
    const remove = addWalkable(view);
    return () => {
      remove();
      drawn.destroy();
    };
  }, [texts, chunks, split, whole, format, labels.left, labels.right, t]);

  useKey('n', () => walk(1));
  useKey('p', () => walk(-1));
  useKey('d', toggleLayout, choice);

  const words = [
    added > 0 && t.editor.added(added),
    removed > 0 && t.editor.removed(removed),
    chunks.length > 0 && t.editor.hunks(chunks.length),
  ].filter((word) => word !== false);

  return (
    <section ref={frame} className={styles.frame} aria-label={t.editor.diff} aria-describedby={summary}>
      <header className={styles.head}>
        <p id={summary} className={styles.summary}>
          {chunks.length === 0 ? t.editor.same : words.join(t.editor.separator)}
        </p>
        {chunks.length > 0 && (
          <div className={styles.tools}>
            <Button
              small
              kind="quiet"
              icon={<ArrowUp aria-hidden />}
              aria-label={t.editor.previous}
              title={`${t.editor.previous} (p)`}
              onClick={() => walk(-1, walkable.current)}
            />
            <Button
              small
              kind="quiet"
              icon={<ArrowDown aria-hidden />}
              aria-label={t.editor.next}
              title={`${t.editor.next} (n)`}
              onClick={() => walk(1, walkable.current)}
            />
            <Button small kind="quiet" icon={<ChevronsUpDown aria-hidden />} onClick={() => setWhole(!whole)}>
              {whole ? t.editor.showChanges : t.editor.showAll}
            </Button>
            {choice && (
              <Button
                small
                kind="quiet"
                icon={layout === 'split' ? <Rows2 aria-hidden /> : <Columns2 aria-hidden />}
                title={`${layout === 'split' ? t.editor.unified : t.editor.split} (d)`}
                onClick={toggleLayout}
              >
                {layout === 'split' ? t.editor.unified : t.editor.split}
              </Button>
            )}
          </div>
        )}
      </header>
      {chunks.length > 0 && (
        <>
          <div className={split ? styles.sides : styles.side}>
            <span className={styles.left}>{labels.left}</span>
            {!split && <span aria-hidden>→</span>}
            <span className={styles.right}>{labels.right}</span>
          </div>
          <div ref={host} className={styles.host} />
        </>
      )}
    </section>
  );
}
