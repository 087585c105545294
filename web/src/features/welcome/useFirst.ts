// What the first steps are about: named by the address, else what is there already, else the names that are proposed.
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { firstEntriesQuery } from '../../api/entryList';
import { environmentsQuery } from '../../api/environments';
import { namespacesQuery } from '../../api/namespaces';

export const PROPOSED = {
  env: 'dev',
  ns: 'hello',
  key: 'application.yaml',
  content: 'greeting: hello\n',
};

/** What the history says of all that is made here. */
export const MESSAGE = 'first steps';

export interface First {
  environments: string[];
  namespaces: string[];
  keys: string[];
  /** Those of them that are chosen, as far as they exist. */
  env: string | undefined;
  ns: string | undefined;
  key: string | undefined;
  choose: (part: { env?: string; namespace?: string; key?: string }) => void;
}

const pick = (all: string[], said: string | undefined, proposed: string) =>
  all.find((one) => one === said) ?? all.find((one) => one === proposed) ?? all[0];

/** Nothing as long as it is not known what is there. */
export function useFirst(): { first: First | null; error: unknown } {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const environments = useQuery(environmentsQuery);
  // Production is no place for first steps.
  const known = environments.data?.filter((one) => one.tier !== 'prod').map((one) => one.name) ?? [];
  const env = pick(known, search.env, PROPOSED.env);
  const namespaces = useQuery(namespacesQuery(env ?? ''));
  const names = namespaces.data?.namespaces.map((one) => one.name) ?? [];
  const ns = pick(names, search.namespace, PROPOSED.ns);
  const scope = { env: env ?? '', ns: ns ?? '' };
  const entries = useQuery(firstEntriesQuery(scope));
  const keys = entries.data?.entries.filter((one) => !one.sealed).map((one) => one.key) ?? [];
  const key = pick(keys, search.key, PROPOSED.key);
  const isKnown =
    environments.data !== undefined &&
    (env === undefined ||
      (namespaces.data !== undefined && (ns === undefined || entries.data !== undefined)));
  const error = environments.error ?? namespaces.error ?? entries.error;
  if (!isKnown) return { first: null, error };
  return {
    first: {
      environments: known,
      namespaces: names,
      keys,
      env,
      ns,
      key,
      choose: (part) =>
        void navigate({
          to: '/welcome',
          search: { env, namespace: ns, key, snippet: search.snippet, ...part },
          replace: true,
          resetScroll: false,
        }),
    },
    error,
  };
}
