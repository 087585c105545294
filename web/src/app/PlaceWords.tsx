// A part of the store in words, as grants and scopes have it: environments, namespaces, and keys.
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../api/environments';
import type { EnvironmentView } from '../api/schema';
import { useT } from '../i18n';
import { matches } from '../lib/globs';
import { EnvTag } from '../ui/EnvTag';
import styles from './PlaceWords.module.css';

export interface Part {
  environment?: string;
  namespace?: string;
  key_prefix?: string;
}

/** The environments of production that a pattern covers. */
export function productions(pattern: string, environments: EnvironmentView[] | undefined): string[] {
  return (environments ?? [])
    .filter((one) => one.tier === 'prod' && matches(pattern, one.name))
    .map((one) => one.name);
}

export function PlaceWords({ environment = '*', namespace = '*', key_prefix: prefix = '' }: Part) {
  const t = useT();
  const { data: environments } = useQuery(environmentsQuery);
  if (environment === '*' && namespace === '*' && prefix === '') return <span>{t.access.everything}</span>;
  const tiers = new Set(
    (environments ?? []).filter((one) => matches(environment, one.name)).map((one) => one.tier ?? null),
  );
  // A pattern has the colour of what it covers when that is all of one kind.
  const tier = tiers.size === 1 ? [...tiers][0] : null;
  return (
    <span className={styles.place}>
      {environment === '*' ? t.access.allEnvironments : <EnvTag name={environment} tier={tier} />}
      <Slash />
      {namespace === '*' ? t.access.allNamespaces : <code>{namespace}</code>}
      {prefix !== '' && (
        <>
          <Slash />
          <code>{t.access.keys(prefix)}</code>
        </>
      )}
    </span>
  );
}

function Slash() {
  return (
    <span aria-hidden className={styles.between}>
      /
    </span>
  );
}
