// No such entry here: where else it is, and how to make it.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEntryElsewhere } from '../../api/entries';
import { environmentsQuery } from '../../api/environments';
import type { Scope } from '../../api/keys';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui/ButtonLink';
import { EnvTag } from '../../ui/EnvTag';
import { EmptyState } from '../../ui/States';
import styles from './EntryMissing.module.css';

export function EntryMissing({
  scope: { env, ns },
  name,
  at,
}: {
  scope: Scope;
  name: string;
  at: string | undefined;
}) {
  const t = useT();
  const words = t.entries.entry;
  const { data: environments = [] } = useQuery(environmentsQuery);
  const others = environments.filter((one) => one.name !== env);
  const there = useEntryElsewhere(
    others.map((one) => one.name),
    ns,
    name,
  );
  const denied = useDenied('draft', { env, ns, key: name });
  return (
    <EmptyState
      title={at === undefined ? words.missing(name, env) : words.missingAt(name, env, at)}
      actions={
        <>
          {at === undefined && (
            <ButtonLink
              kind="primary"
              to="/e/$env/n/$ns/edit/$"
              params={{ env, ns, _splat: name }}
              search={{ new: '1' }}
              denied={denied}
            >
              {words.create}
            </ButtonLink>
          )}
          <ButtonLink to="/e/$env/n/$ns" params={{ env, ns }}>
            {words.back(ns)}
          </ButtonLink>
        </>
      }
    >
      {there.length === 0 ? (
        words.missingNowhere
      ) : (
        <>
          {words.missingElsewhere}
          <ul className={styles.places}>
            {others
              .filter((one) => there.includes(one.name))
              .map((one) => (
                <li key={one.name}>
                  <Link to="/e/$env/n/$ns/k/$" params={{ env: one.name, ns, _splat: name }}>
                    <EnvTag name={one.name} tier={one.tier} />
                  </Link>
                </li>
              ))}
          </ul>
        </>
      )}
    </EmptyState>
  );
}
