// In one sentence: what is there now, and what it becomes.
import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import type { Scope } from '../../api/keys';
import { useRevision, useRevisionAt } from '../../api/revisions';
import type { RevisionView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { EnvTag } from '../../ui/EnvTag';
import { Time } from '../../ui/Time';
import type { Plan } from './plan';
import styles from './RollbackPage.module.css';

export function RollbackHead({ scope, plan }: { scope: Scope; plan: Plan }) {
  const t = useT();
  const words = t.history.rollback;
  const environment = useEnvironment(scope.env);
  const key = plan.kind === 'rollback' ? plan.key : undefined;
  const { data: now } = useRevisionAt({ env: scope.env, namespace: scope.ns, key });
  return (
    <section className={styles.head} aria-label={words.title}>
      <div className={styles.scope}>
        <EnvTag name={scope.env} tier={environment?.tier} large />
        <Link to="/e/$env/n/$ns" params={scope} className={styles.namespace}>
          {scope.ns}
        </Link>
        {plan.kind === 'rollback' && (
          <span className={styles.quiet}>
            {key === undefined ? words.wholeNamespace : words.onlyKey(key)}
          </span>
        )}
        <Link to="/e/$env/n/$ns/history" params={scope} search={{ key }}>
          {t.history.title}
        </Link>
      </div>
      <div className={styles.sides}>
        <div className={styles.side}>
          <span className={styles.quiet}>{words.now}</span>
          {now && <Revision revision={now} />}
        </div>
        <ArrowRight aria-hidden className={styles.arrow} />
        <div className={styles.side}>
          <span className={styles.quiet}>
            {plan.kind === 'revert' ? words.becomesWithout : words.becomes}
          </span>
          {plan.kind === 'revert' ? (
            <Reverted revert={plan.revert} />
          ) : (
            <Target scope={scope} to={plan.to} entry={key} />
          )}
        </div>
      </div>
    </section>
  );
}

function Revision({ revision }: { revision: RevisionView }) {
  const t = useT();
  return (
    <>
      <strong className={styles.what}>
        <RevisionLink revision={revision.revision} />{' '}
        {revision.message === '' ? t.history.noMessage : revision.message}
      </strong>
      <span className={styles.quiet}>
        <Time at={revision.at} /> · {revision.actor}
      </span>
    </>
  );
}

function Reverted({ revert }: { revert: number }) {
  const { data } = useRevision(revert);
  return data ? <Revision revision={data} /> : <RevisionLink revision={revert} />;
}

/** What the namespace was right after a revision: its own newest one up to then. */
function Target({ scope, to, entry }: { scope: Scope; to: number; entry: string | undefined }) {
  const t = useT();
  const { data } = useRevisionAt({ env: scope.env, namespace: scope.ns, key: entry }, to);
  if (to === 0 || data === null) return <strong>{t.history.rollback.beginning}</strong>;
  return data ? <Revision revision={data} /> : <RevisionLink revision={to} />;
}
