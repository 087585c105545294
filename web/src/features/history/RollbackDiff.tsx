// How what is there now differs from what would be there.
import { Link } from '@tanstack/react-router';
import { useDiff } from '../../api/diff';
import type { Scope } from '../../api/keys';
import type { ChangedView, DiffEntryView, WriteView } from '../../api/schema';
import { EntryDiff } from '../../app/EntryDiff';
import { Loaded } from '../../app/Loaded';
import { useTexts } from '../../app/search';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { EnvTag } from '../../ui/EnvTag';
import { environmentsOf, namespacesIn, type Plan, relevant } from './plan';
import styles from './RollbackPage.module.css';

const STEP = 20;

export function RollbackDiff({ scope, plan, preview }: { scope: Scope; plan: Plan; preview: WriteView }) {
  const t = useT();
  const changes = preview.changes ?? [];
  const others = changes.filter((one) => one.key == null);
  const names = environmentsOf(scope.env, changes);
  const then = plan.kind === 'revert' ? plan.revert - 1 : plan.to;
  return (
    <section className={styles.part} aria-labelledby="changes">
      <h2 id="changes">{t.history.rollback.changes(preview.changed - others.length)}</h2>
      {others.length > 0 && <Others changes={others} />}
      {names.map((env) => (
        <In
          key={env}
          env={env}
          tagged={names.length > 1}
          changes={changes}
          from={preview.revision}
          to={then}
        />
      ))}
    </section>
  );
}

interface InProps {
  env: string;
  /** Several environments change, so that each entry says which one it is of. */
  tagged: boolean;
  changes: ChangedView[];
  from: number;
  to: number;
}

function In({ env, tagged, changes, from, to }: InProps) {
  const t = useT();
  const [texts, change] = useTexts();
  const namespaces = namespacesIn(env, changes);
  const [only] = namespaces;
  const query = useDiff(
    namespaces.length === 0
      ? null
      : {
          env,
          from: String(from),
          to: String(to),
          ...(namespaces.length === 1 && only !== undefined && { namespace: only }),
        },
  );
  if (namespaces.length === 0) return null;
  const shown = Math.max(STEP, Number(texts.shown) || 0);
  return (
    <Loaded query={query}>
      {({ entries }) => {
        const found = relevant(env, changes, entries);
        return (
          <>
            {found.slice(0, shown).map((entry) => (
              <Entry key={`${entry.namespace}/${entry.key}`} env={env} tagged={tagged} entry={entry} />
            ))}
            {found.length > shown && (
              <div>
                <Button onClick={() => change({ shown: String(shown + 5 * STEP) })}>
                  {t.history.revision.more(found.length - shown)}
                </Button>
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Entry({ env, tagged, entry }: { env: string; tagged: boolean; entry: DiffEntryView }) {
  const environment = useEnvironment(env);
  const { namespace: ns, key } = entry;
  return (
    <EntryDiff
      name={`${env}/${ns}/${key}`}
      title={
        <>
          {tagged && <EnvTag name={env} tier={environment?.tier} />}{' '}
          <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }}>
            {ns}/{key}
          </Link>
        </>
      }
      kind={entry.difference}
      sealed={entry.sealed}
      diff={entry.diff}
    />
  );
}

/** Namespaces and environments themselves. */
function Others({ changes }: { changes: ChangedView[] }) {
  const t = useT();
  const words = t.history.rollback;
  return (
    <div>
      <p>{words.others}</p>
      <ul>
        {changes.map((one) => (
          <li key={`${one.env}/${one.namespace}`}>
            <code>{[one.env, one.namespace].filter(Boolean).join('/')}</code>{' '}
            {one.op === 'delete' ? words.deleted : one.previous === 0 ? words.created : words.attributes}
          </li>
        ))}
      </ul>
    </div>
  );
}
