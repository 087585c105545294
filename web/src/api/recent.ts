// What changed lately, over all environments; and the namespaces of several environments.
// GET /api/v1/revisions
// GET /api/v1/environments/{env}/namespaces
import { queryOptions } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

/** The changes since an instant, newest first; `name` tells apart what is asked for, as the instant moves on. */
export function changesSinceQuery(name: string, seconds: number) {
  return queryOptions({
    queryKey: keys.store('revisions', 'since', name),
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - seconds * 1_000).toISOString();
      return ask(client.GET('/api/v1/revisions', { params: { query: { since, limit: 25 } }, signal }));
    },
    // No stream tells of all environments at once.
    refetchInterval: 15_000,
  });
}

/** The last changes of a namespace. */
export function lastChangesQuery(env: string, ns: string, limit: number) {
  return queryOptions({
    queryKey: keys.namespace({ env, ns }, 'revisions', 'last', limit),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/revisions', { params: { query: { env, namespace: ns, limit } }, signal })),
  });
}

export function namespacesQuery(env: string) {
  return queryOptions({
    queryKey: keys.environment(env, 'namespaces'),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/environments/{env}/namespaces', { params: { path: { env } }, signal })),
  });
}
