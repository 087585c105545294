// How many instances get a change, in each environment that it reaches.
import { Link } from '@tanstack/react-router';
import { useInstanceCount } from '../../api/instanceCount';
import type { ChangedView } from '../../api/schema';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { EnvTag } from '../../ui/EnvTag';
import { namespacesIn } from './plan';
import styles from './RollbackPage.module.css';

export function Affected({ names, changes }: { names: string[]; changes: ChangedView[] }) {
  return (
    <ul className={styles.affected}>
      {names.map((env) => (
        <In key={env} env={env} namespaces={namespacesIn(env, changes)} />
      ))}
    </ul>
  );
}

function In({ env, namespaces }: { env: string; namespaces: string[] }) {
  const t = useT();
  const words = t.history.rollback;
  const environment = useEnvironment(env);
  const { data } = useInstanceCount(env, namespaces);
  if (!data) return null;
  const [only] = namespaces;
  const said =
    data.count === 0 && !data.more
      ? words.affectedNone
      : data.count === 1 && !data.more
        ? words.affectedOne
        : words.affected(`${data.count}${data.more ? '+' : ''}`);
  return (
    <li>
      <EnvTag name={env} tier={environment?.tier} />{' '}
      {data.count === 0 ? (
        said
      ) : (
        <Link
          to="/e/$env/instances"
          params={{ env }}
          search={{ namespace: namespaces.length === 1 ? only : undefined }}
        >
          {said}
        </Link>
      )}
    </li>
  );
}
