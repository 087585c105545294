// What needs a namespace: when it is not in this environment, says so and where it is.

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { environmentsQuery } from '../api/environments';
import type { Scope } from '../api/keys';
import { useNamespace, useWhereNamespace } from '../api/namespaces';
import type { NamespaceView } from '../api/schema';
import { useT } from '../i18n';
import { ButtonLink } from '../ui/ButtonLink';
import { EnvTag } from '../ui/EnvTag';
import { EmptyState } from '../ui/States';
import { Loaded } from './Loaded';
import styles from './NamespaceGate.module.css';

export function NamespaceGate({
  scope,
  children,
}: {
  scope: Scope;
  children: (namespace: NamespaceView) => ReactNode;
}) {
  return (
    <Loaded query={useNamespace(scope)}>
      {(namespace) => (namespace === null ? <Missing {...scope} /> : children(namespace))}
    </Loaded>
  );
}

function Missing({ env, ns }: Scope) {
  const t = useT();
  const { data: environments = [] } = useQuery(environmentsQuery);
  const others = environments.filter((one) => one.name !== env);
  const there = useWhereNamespace(
    ns,
    others.map((one) => one.name),
  );
  return (
    <EmptyState
      title={t.entries.missing.title(ns, env)}
      actions={
        <ButtonLink to="/e/$env" params={{ env }}>
          {t.entries.missing.all(env)}
        </ButtonLink>
      }
    >
      {there.length === 0 ? (
        t.entries.missing.nowhere
      ) : (
        <>
          {t.entries.missing.there}
          <ul className={styles.places}>
            {others
              .filter((one) => there.includes(one.name))
              .map((one) => (
                <li key={one.name}>
                  <Link to="/e/$env/n/$ns" params={{ env: one.name, ns }}>
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
