// Every change of a revision with its diff.
import { Link } from '@tanstack/react-router';
import type { ItemView, RevisionView } from '../../api/schema';
import { EntryDiff } from '../../app/EntryDiff';
import { useTexts } from '../../app/search';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { EnvTag } from '../../ui/EnvTag';
import styles from './RevisionChanges.module.css';

const STEP = 20;

export function RevisionChanges({ revision }: { revision: RevisionView }) {
  const t = useT();
  const [texts, change] = useTexts();
  const shown = Math.max(STEP, Number(texts.shown) || 0);
  const rest = revision.changes.length - shown;
  const several = new Set(revision.changes.map((item) => item.env)).size > 1;
  return (
    <section className={styles.part} aria-labelledby="changes">
      <h2 id="changes">
        {t.history.revision.changes} <span className={styles.count}>{revision.changed}</span>
      </h2>
      {revision.changes.slice(0, shown).map((item) => (
        <Change key={`${item.env}/${item.namespace}/${item.key}`} item={item} tagged={several} />
      ))}
      {rest > 0 && (
        <div>
          <Button onClick={() => change({ shown: String(shown + 5 * STEP) })}>
            {t.history.revision.more(rest)}
          </Button>
        </div>
      )}
    </section>
  );
}

const kindOf = (item: ItemView) =>
  item.op === 'delete' ? 'removed' : item.previous === 0 ? 'added' : 'changed';

function Change({ item, tagged }: { item: ItemView; tagged: boolean }) {
  const t = useT();
  const { env, namespace: ns, key } = item;
  const tier = useEnvironment(env)?.tier;
  const tag = tagged && <EnvTag name={env} tier={tier} />;
  if (ns == null || key == null) {
    return (
      <p className={styles.itself}>
        {tag}
        {ns == null ? (
          <Link to="/e/$env" params={{ env }}>
            {t.history.revision.environment}
          </Link>
        ) : (
          <>
            <Link to="/e/$env/n/$ns" params={{ env, ns }}>
              {ns}
            </Link>
            {t.history.revision.namespace}
          </>
        )}
        <Badge>{t.diff.kinds[kindOf(item)]}</Badge>
      </p>
    );
  }
  return (
    <EntryDiff
      name={`${env}/${ns}/${key}`}
      title={
        <span className={styles.title}>
          {tag}
          <Link to="/e/$env/n/$ns" params={{ env, ns }}>
            {ns}
          </Link>
          <span aria-hidden>/</span>
          <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }} className={styles.key}>
            {key}
          </Link>
        </span>
      }
      kind={kindOf(item)}
      sealed={item.sealed}
      diff={item.diff}
      actions={
        <Link to="/e/$env/n/$ns/history" params={{ env, ns }} search={{ key }}>
          {t.history.title}
        </Link>
      }
    />
  );
}
