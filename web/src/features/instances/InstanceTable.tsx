// Instances with what each of them runs; why one refused stands in its row.
import { Link } from '@tanstack/react-router';
import type { InstanceView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { type Column, DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import styles from './InstanceTable.module.css';
import { RevisionLine } from './RevisionLine';
import { StandingBadges } from './StandingBadges';
import { presenceTones } from './standing';

export function InstanceTable({ env, rows }: { env: string; rows: InstanceView[] }) {
  const words = useT();
  const t = words.instances;
  const columns: Column<InstanceView>[] = [
    {
      head: t.instance,
      cell: ({ id, service, version }) => (
        <div className={styles.cell}>
          <Link to="/e/$env/instances/$instance" params={{ env, instance: id }} className={styles.id}>
            {id}
          </Link>
          <span className={styles.quiet}>{version ? `${service} ${version}` : service}</span>
        </div>
      ),
    },
    {
      head: t.state,
      cell: (one) => (
        <div className={styles.cell}>
          <StandingBadges instance={one} />
          {one.rejected && (
            <span className={styles.reason}>
              {t.rejectedRevision(words.common.revisionNumber(one.rejected.revision))}
              {words.common.colon}
              {one.rejected.reason ?? t.noReason}
            </span>
          )}
        </div>
      ),
    },
    {
      head: t.runs,
      cell: ({ runs, revision, applied_at: at }) => {
        if (runs) return <RevisionLine revision={runs.revision} message={runs.message} at={runs.at} />;
        if (revision != null) return <RevisionLine revision={revision} at={at} />;
        return <span className={styles.quiet}>{t.runsNothing}</span>;
      },
    },
    {
      head: t.seen,
      cell: ({ presence, presence_since: since }) => (
        <span className={styles.seen}>
          <Badge tone={presenceTones[presence]}>{t.presences[presence]}</Badge>
          <span className={styles.quiet}>
            <Time at={since} />
          </span>
        </span>
      ),
    },
    {
      head: t.details,
      cell: ({ labels, service, address }) => (
        <span className={styles.quiet}>
          {[
            address,
            ...Object.entries(labels)
              .filter(([name, value]) => !(name === 'service' && value === service))
              .map(([name, value]) => `${name}=${value}`),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      ),
    },
  ];
  return <DataTable label={t.title} columns={columns} rows={rows} rowKey={(one) => one.id} />;
}
