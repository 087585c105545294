// The next older and newer revisions of the same history, also by `[` and `]`.
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNeighbours } from '../../api/revisions';
import type { RevisionView } from '../../api/schema';
import { useEnvironment } from '../../app/session';
import { useKey } from '../../app/shortcuts';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui/ButtonLink';
import { EnvTag } from '../../ui/EnvTag';
import styles from './Neighbours.module.css';
import type { Context } from './places';

export function Neighbours({
  revision,
  context,
}: {
  revision: RevisionView;
  context: Context & { env: string };
}) {
  const t = useT();
  const navigate = useNavigate();
  const { env, namespace, key } = context;
  const environment = useEnvironment(env);
  const { data } = useNeighbours(revision.revision, revision.at, context);
  const search = { env, namespace, key };
  const go = (to: RevisionView | undefined) => {
    if (to) void navigate({ to: '/r/$revision', params: { revision: String(to.revision) }, search });
  };
  useKey('[', () => go(data?.older));
  useKey(']', () => go(data?.newer));

  const step = (to: RevisionView | undefined, word: string, shortcut: string, icon: ReactNode) => (
    <ButtonLink
      small
      icon={icon}
      disabled={to === undefined}
      aria-keyshortcuts={shortcut}
      to="/r/$revision"
      params={{ revision: String(to?.revision ?? revision.revision) }}
      search={search}
    >
      {word} {to && t.common.revisionNumber(to.revision)} <kbd>{shortcut}</kbd>
    </ButtonLink>
  );

  return (
    <nav className={styles.bar} aria-label={t.history.title}>
      <EnvTag name={env} tier={environment?.tier} large />
      {namespace === undefined ? (
        <Link to="/e/$env/history" params={{ env }}>
          {t.history.of(env)}
        </Link>
      ) : (
        <>
          <Link to="/e/$env/n/$ns" params={{ env, ns: namespace }} className={styles.namespace}>
            {namespace}
          </Link>
          <Link to="/e/$env/n/$ns/history" params={{ env, ns: namespace }} search={{ key }}>
            {t.history.of(key ?? namespace)}
          </Link>
        </>
      )}
      <span className={styles.steps}>
        {step(data?.older, t.history.older, '[', <ChevronLeft aria-hidden />)}
        {step(data?.newer, t.history.newer, ']', <ChevronRight aria-hidden />)}
      </span>
    </nav>
  );
}
