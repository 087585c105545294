// Differences: GET /diff between two moments of an environment, or between two environments.
import { useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

export type DiffQuery = {
  namespace?: string;
  key?: string;
  from?: string;
  to?: string;
} & ({ env: string } | { from_env: string; to_env: string });

/** The key of the cache begins with the environment that is, or would become, the right side. */
function keyOf(query: DiffQuery) {
  return keys.environment('env' in query ? query.env : query.to_env, 'diff', query);
}

export function useDiff(query: DiffQuery | null) {
  return useQuery({
    queryKey: query ? keyOf(query) : keys.store('no diff'),
    queryFn: ({ signal }) => ask(client.GET('/api/v1/diff', { params: { query: query ?? {} }, signal })),
    enabled: query !== null,
  });
}
