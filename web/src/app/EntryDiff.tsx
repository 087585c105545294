// How one entry differs: its name, what kind of difference it is, the lines, and the values.
import { ChevronRight, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import type { EntryDiff as Diff, ValueChange } from '../api/schema';
import { useT } from '../i18n';
import { Badge, type Tone } from '../ui/Badge';
import { DataTable } from '../ui/DataTable';
import { LineCounts, UnifiedDiff } from '../ui/UnifiedDiff';
import styles from './EntryDiff.module.css';

const tones: Record<EntryDiffProps['kind'], Tone> = { added: 'good', removed: 'bad', changed: 'accent' };

interface EntryDiffProps {
  /** The name of the entry, for screen readers. */
  name: string;
  /** Its name as a link, with what belongs beside it. */
  title: ReactNode;
  kind: 'added' | 'removed' | 'changed';
  sealed?: boolean | undefined;
  /** Absent when the contents were trimmed from the history. */
  diff?: Diff | null | undefined;
  /** What can be done with it. */
  actions?: ReactNode;
}

export function EntryDiff({ name, title, kind, sealed, diff, actions }: EntryDiffProps) {
  const t = useT();
  const unified = diff?.unified;
  const values = sealed ? [] : (diff?.values ?? []);
  // Of an entry that is sealed as a whole there is nothing to show but that it is another one.
  const hidden = sealed && diff?.values?.every((one) => one.path === '');
  return (
    <section className={styles.entry} aria-label={name}>
      <header className={styles.head}>
        <h3 className={styles.title}>{title}</h3>
        <Badge tone={tones[kind]}>{t.diff.kinds[kind]}</Badge>
        {sealed && (
          <Badge tone="quiet" icon={<Lock aria-hidden />}>
            {t.diff.sealed}
          </Badge>
        )}
        {unified && !sealed && <LineCounts text={unified} />}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {sealed && <p className={styles.note}>{hidden ? t.diff.sealedWhole : t.diff.sealedHint}</p>}
      {diff?.format_only && <p className={styles.note}>{t.diff.formatOnly}</p>}
      {diff && unified == null && <p className={styles.note}>{t.diff.binary}</p>}
      {unified === '' && !diff?.format_only && <p className={styles.note}>{t.diff.same}</p>}
      {unified && !hidden && <UnifiedDiff text={unified} label={t.diff.of(name)} />}
      {values.length > 0 && (
        <details className={styles.values}>
          <summary>
            <ChevronRight aria-hidden />
            {t.diff.values(values.length)}
          </summary>
          <Values name={name} values={values} />
        </details>
      )}
    </section>
  );
}

function Values({ name, values }: { name: string; values: ValueChange[] }) {
  const t = useT();
  return (
    <DataTable
      label={t.diff.valuesOf(name)}
      rows={values}
      rowKey={(row) => row.path}
      columns={[
        { head: t.diff.value, cell: (row) => <code>{row.path === '' ? t.diff.whole : row.path}</code> },
        { head: t.diff.before, cell: (row) => <Value value={row.from} /> },
        { head: t.diff.after, cell: (row) => <Value value={row.to} /> },
      ]}
    />
  );
}

function Value({ value }: { value: unknown }) {
  const t = useT();
  if (value === undefined) return <span className={styles.absent}>{t.diff.absent}</span>;
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}
