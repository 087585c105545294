// Rows of the audit; the one that is open shows what it changed, and where it came from.
import { Link, useSearch } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { AuditRow } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { type Column, DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import { AuditDetail } from './AuditDetail';
import styles from './AuditTable.module.css';
import { type Outcome, outcomeOf, placeOf } from './rows';

const tones: Record<Outcome, Tone> = { allowed: 'quiet', denied: 'bad', failed: 'warn' };

const nameOf = ({ chain, seq }: AuditRow) => `${chain}.${seq}`;

export function AuditTable({ rows, open }: { rows: AuditRow[]; open: string | undefined }) {
  const t = useT();
  const words = t.audit;
  const search = useSearch({ strict: false });
  const columns: Column<AuditRow>[] = [
    {
      head: t.common.time,
      cell: ({ at }) => (
        <span className={styles.time}>
          <Time at={at} />
        </span>
      ),
    },
    {
      head: words.actor,
      cell: ({ actor }) => (
        <Link to="/audit" search={{ ...search, actor, before: undefined, open: undefined }}>
          {actor}
        </Link>
      ),
    },
    {
      head: words.action,
      cell: ({ action, message }) => (
        <div className={styles.action}>
          <span>{(words.actions as Record<string, string | undefined>)[action] ?? action}</span>
          {message && <span className={styles.quiet}>{message}</span>}
        </div>
      ),
    },
    { head: words.target, cell: (row) => <Target row={row} /> },
    {
      head: words.outcome,
      cell: (row) => {
        const outcome = outcomeOf(row);
        return (
          <span className={styles.outcome}>
            <Badge tone={tones[outcome]}>{words[outcome]}</Badge>
            {row.count != null && row.count > 1 && (
              <span className={styles.quiet}>{words.times(row.count)}</span>
            )}
          </span>
        );
      },
    },
    { head: words.address, cell: ({ address }) => address && <code>{address}</code> },
    {
      head: words.details,
      bare: true,
      cell: (row) => {
        const isOpen = nameOf(row) === open;
        return (
          <Link
            to="/audit"
            search={{ ...search, open: isOpen ? undefined : nameOf(row) }}
            replace
            resetScroll={false}
            aria-expanded={isOpen}
            className={styles.open}
          >
            {isOpen ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
            {words.details}
          </Link>
        );
      },
    },
  ];
  return (
    <DataTable
      label={words.title}
      columns={columns}
      rows={rows}
      rowKey={nameOf}
      isCurrent={(row) => nameOf(row) === open}
      detail={(row) => nameOf(row) === open && <AuditDetail row={row} />}
    />
  );
}

function Target({ row }: { row: AuditRow }) {
  const place = placeOf(row);
  const { env = '', ns, key } = place ?? {};
  return (
    <div className={styles.action}>
      {!place && <span className={styles.target}>{row.target}</span>}
      {place && ns === undefined && (
        <Link to="/e/$env" params={{ env }}>
          {row.target}
        </Link>
      )}
      {ns !== undefined && key === undefined && (
        <Link to="/e/$env/n/$ns" params={{ env, ns }}>
          {row.target}
        </Link>
      )}
      {ns !== undefined && key !== undefined && (
        <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }}>
          {row.target}
        </Link>
      )}
      {row.revision != null && <RevisionLink revision={row.revision} />}
    </div>
  );
}
