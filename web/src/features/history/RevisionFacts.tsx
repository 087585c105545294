// Who made a revision, when, as what, and by which request.
import { Pin } from 'lucide-react';
import type { RevisionView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Time } from '../../ui/Time';
import { KindBadge } from './KindBadge';
import styles from './RevisionFacts.module.css';

export function RevisionFacts({ revision }: { revision: RevisionView }) {
  const t = useT();
  return (
    <>
      <KindBadge kind={revision.kind} />
      {revision.rollback_to != null && revision.rollback_to > 0 && (
        <span>
          → <RevisionLink revision={revision.rollback_to} />
        </span>
      )}
      {revision.reverts != null && (
        <span>
          ↶ <RevisionLink revision={revision.reverts} />
        </span>
      )}
      {revision.forced && <Badge tone="bad">{t.history.forced}</Badge>}
      <span>
        <Time at={revision.at} exact /> (<Time at={revision.at} />)
      </span>
      <strong className={styles.actor}>{revision.actor}</strong>
      <span>
        {t.history.revision.request} <code>{revision.request_id}</code>
      </span>
      {revision.pin && (
        <span>
          <Badge icon={<Pin aria-hidden />}>{t.history.pinned}</Badge> {revision.pin.reason}
        </span>
      )}
    </>
  );
}
