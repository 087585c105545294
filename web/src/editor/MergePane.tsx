// Three texts: what is live and what I wrote, each with what it changed, and below what they make together.
import { useEffect, useMemo, useRef, useState } from 'react';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { CodePane } from './CodePane';
import styles from './MergePane.module.css';
import { merge3 } from './merge3';
import type { ThreeTextsProps } from './ThreeTexts';

type Start = 'both' | 'theirs' | 'mine';

export function MergePane({ base, theirs, mine, format, labels, onMerged }: ThreeTextsProps) {
  const t = useT();
  const merged = useMemo(() => (base === null ? null : merge3(base, theirs, mine)), [base, theirs, mine]);
  const [{ start, version }, setStart] = useState<{ start: Start; version: number }>({
    start: merged ? 'both' : 'mine',
    version: 0,
  });
  const text = { both: merged?.text ?? mine, theirs, mine }[start];
  const told = useRef(onMerged);
  told.current = onMerged;
  // biome-ignore lint/correctness/useExhaustiveDependencies: to start again from the same text is a reason
  useEffect(() => {
    told.current(() => text);
  }, [text, version]);
  const clashes = useMemo(
    () =>
      (start === 'both' ? (merged?.clashes ?? []) : []).map((line) => ({
        tone: 'warn' as const,
        line,
        column: 1,
        message: t.editor.three.clash,
      })),
    [start, merged, t],
  );
  const against = base === null ? {} : { against: base };
  const starts: [Start, string][] = [
    ...(merged ? [['both', t.editor.three.both] as [Start, string]] : []),
    ['theirs', t.editor.three.onlyTheirs],
    ['mine', t.editor.three.onlyMine],
  ];

  return (
    <div className={styles.panes}>
      <section className={styles.pane} aria-label={labels.theirs}>
        <h2>{labels.theirs}</h2>
        <CodePane text={theirs} format={format} label={labels.theirs} readOnly low {...against} />
      </section>
      <section className={styles.pane} aria-label={labels.mine}>
        <h2>{labels.mine}</h2>
        <CodePane text={mine} format={format} label={labels.mine} readOnly low {...against} />
      </section>
      <section className={styles.merged} aria-label={t.editor.merged}>
        <div className={styles.head}>
          <h2>{t.editor.merged}</h2>
          {merged && (
            <span role="status" className={merged.clashes.length > 0 ? styles.clash : undefined}>
              {merged.clashes.length > 0
                ? t.editor.three.clashes(merged.clashes.length)
                : t.editor.three.clean}
            </span>
          )}
          <fieldset className={styles.starts}>
            <legend className="unseen">{t.editor.three.start}</legend>
            <span aria-hidden>{t.editor.three.start}</span>
            {starts.map(([one, word]) => (
              <Button
                key={one}
                small
                aria-pressed={start === one}
                onClick={() => setStart({ start: one, version: version + 1 })}
              >
                {word}
              </Button>
            ))}
          </fieldset>
        </div>
        <CodePane
          text={text}
          version={version}
          format={format}
          label={t.editor.merged}
          problems={clashes}
          onEdit={onMerged}
          against={theirs}
          low
        />
      </section>
    </div>
  );
}
