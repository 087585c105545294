// One revision of a history: what, who, when, what changed, who runs it, and what can be done with it.
import { Link } from '@tanstack/react-router';
import { Pin } from 'lucide-react';
import type { RevisionView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Time } from '../../ui/Time';
import { KindBadge } from './KindBadge';
import { RevisionActions } from './RevisionActions';
import styles from './RevisionRow.module.css';
import { Touched } from './Touched';

interface RevisionRowProps {
  revision: RevisionView;
  env: string;
  namespace: string | undefined;
  entry: string | undefined;
  /** What is there now: there is nothing to roll back to. */
  current: boolean;
  chosen: boolean;
  onChoose: () => void;
}

export function RevisionRow({
  revision,
  env,
  namespace,
  entry,
  current,
  chosen,
  onChoose,
}: RevisionRowProps) {
  const t = useT();
  const name = t.common.revisionNumber(revision.revision);
  const running = revision.running;
  return (
    <li className={styles.row} data-chosen={chosen || undefined}>
      <label className={styles.choose}>
        <span className="unseen">{t.history.choose(name)}</span>
        <input type="checkbox" checked={chosen} onChange={onChoose} />
      </label>
      <div className={styles.body}>
        <div className={styles.line}>
          <RevisionLink revision={revision.revision} env={env} namespace={namespace} entry={entry} />
          <KindBadge kind={revision.kind} />
          {current && <Badge>{t.history.now}</Badge>}
          {revision.rollback_to != null && (
            <span className={styles.quiet}>
              {t.history.wentTo(t.common.revisionNumber(revision.rollback_to))}
            </span>
          )}
          {revision.reverts != null && (
            <span className={styles.quiet}>{t.history.undid(t.common.revisionNumber(revision.reverts))}</span>
          )}
          {revision.forced && <Badge tone="bad">{t.history.forced}</Badge>}
          {revision.pin && (
            <Badge icon={<Pin aria-hidden />} tone="quiet">
              {t.history.pinned}
            </Badge>
          )}
          {running != null && running > 0 && <Badge tone="good">{t.history.running(running)}</Badge>}
        </div>
        <Link
          to="/r/$revision"
          params={{ revision: String(revision.revision) }}
          search={{ env, namespace, key: entry }}
          className={revision.message === '' ? styles.unsaid : styles.message}
        >
          {revision.message === '' ? t.history.noMessage : revision.message}
        </Link>
        <div className={styles.line}>
          <span className={styles.quiet}>
            <Time at={revision.at} /> · {revision.actor}
          </span>
          <Touched revision={revision} namespace={namespace} />
        </div>
      </div>
      <div className={styles.actions}>
        <RevisionActions {...{ revision, env, namespace, entry, current }} small />
      </div>
    </li>
  );
}
