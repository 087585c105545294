// Entries as rows: the key, its format, the last change and the size.
import { Link } from '@tanstack/react-router';
import { Lock, PencilLine } from 'lucide-react';
import type { Scope } from '../../api/keys';
import type { EntryView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import styles from './EntryTable.module.css';

export function EntryTable({
  scope,
  entries,
  drafted,
}: {
  scope: Scope;
  entries: EntryView[];
  drafted: ReadonlySet<string>;
}) {
  const t = useT();
  return (
    <DataTable
      label={t.entries.title}
      rows={entries}
      rowKey={(row) => row.key}
      columns={[
        {
          head: t.common.key,
          wide: true,
          cell: (row) => (
            <span className={styles.key}>
              <Link to="/e/$env/n/$ns/k/$" params={{ ...scope, _splat: row.key }} className={styles.name}>
                {row.key}
              </Link>
              {row.sealed && (
                <span title={t.entries.list.sealed} className={styles.sealed}>
                  <Lock role="img" aria-label={t.entries.list.sealed} />
                </span>
              )}
              {drafted.has(row.key) && (
                <Badge tone="warn" icon={<PencilLine aria-hidden />}>
                  {t.entries.list.drafted}
                </Badge>
              )}
            </span>
          ),
        },
        { head: t.entries.list.format, cell: (row) => <span className={styles.format}>{row.format}</span> },
        {
          head: t.entries.list.last,
          cell: (row) => (
            <span className={styles.last}>
              <RevisionLink revision={row.revision} env={scope.env} namespace={scope.ns} />
              <Time at={row.at} />
              <span>{t.entries.list.by(row.actor)}</span>
            </span>
          ),
        },
        { head: t.entries.list.size, number: true, cell: (row) => t.common.bytes(row.size) },
      ]}
    />
  );
}
