// It is done: the new revision, who runs it, and the way back from it.
import { RotateCcw } from 'lucide-react';
import type { Scope } from '../../api/keys';
import { useRevision } from '../../api/revisions';
import { Loaded } from '../../app/Loaded';
import { RevisionLink } from '../../app/RevisionLink';
import { useDenied, useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { useSaid } from '../../ui/Announcer';
import { Banner } from '../../ui/Banner';
import { ButtonLink } from '../../ui/ButtonLink';
import { EnvTag } from '../../ui/EnvTag';
import { Receipts } from './Receipts';
import { RevisionChanges } from './RevisionChanges';
import { RevisionFacts } from './RevisionFacts';
import styles from './RollbackPage.module.css';

export function RollbackDone({ scope, revision }: { scope: Scope; revision: number }) {
  const t = useT();
  const words = t.history.rollback;
  const environment = useEnvironment(scope.env);
  const denied = useDenied('rollback', scope);
  const query = useRevision(revision);
  useSaid(t.live.done(t.common.revisionNumber(revision)));
  return (
    <>
      <Banner
        tone="good"
        said
        title={words.live(t.common.revisionNumber(revision))}
        actions={
          <>
            <ButtonLink
              icon={<RotateCcw aria-hidden />}
              denied={denied}
              to="/e/$env/n/$ns/rollback"
              params={scope}
              search={{ revert: String(revision) }}
            >
              {words.undo}
            </ButtonLink>
            <ButtonLink to="/e/$env/n/$ns/history" params={scope}>
              {words.back}
            </ButtonLink>
          </>
        }
      >
        {words.liveHint}
      </Banner>
      <div className={styles.scope}>
        <EnvTag name={scope.env} tier={environment?.tier} large />
        <span className={styles.namespace}>{scope.ns}</span>
        <RevisionLink revision={revision} env={scope.env} namespace={scope.ns} />
        {query.data && <RevisionFacts revision={query.data} />}
      </div>
      <Receipts revision={revision} />
      <Loaded query={query}>{(found) => <RevisionChanges revision={found} />}</Loaded>
    </>
  );
}
