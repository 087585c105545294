// Instances of an environment.
// GET    /api/v1/environments/{env}/instances
// GET    /api/v1/environments/{env}/instances/{instance}
// DELETE /api/v1/environments/{env}/instances/{instance}
import { queryOptions, useMutation } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';

export interface InstanceFilter {
  namespace?: string | undefined;
  service?: string | undefined;
  state?: string | undefined;
  /** The change that they run. */
  runs?: string | undefined;
  cursor?: string | undefined;
}

/** One page of a list, with what all pages come to. */
export function instancesQuery(env: string, filter: InstanceFilter, limit: number) {
  const { runs, ...rest } = filter;
  const query = { ...given({ ...rest, runs: runs ? Number(runs) : undefined }), limit, summary: true };
  return queryOptions({
    queryKey: keys.instances(env, 'list', query),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/environments/{env}/instances', { params: { path: { env }, query }, signal })),
    // The page before stays until the next one is there; that of another environment does not.
    placeholderData: (before, asked) => (asked?.queryKey[1] === env ? before : undefined),
  });
}

/** One instance, now or as it was at a revision or an instant. */
export function instanceQuery(env: string, instance: string, at: string | undefined) {
  return queryOptions({
    queryKey: keys.instances(env, 'one', instance, at),
    queryFn: ({ signal }) =>
      ask(
        client.GET('/api/v1/environments/{env}/instances/{instance}', {
          params: { path: { env, instance }, query: given({ at }) },
          signal,
        }),
      ),
  });
}

/** Says goodbye for an instance of one's own that stopped without doing so. */
export function useGoodbye(env: string) {
  const onSuccess = useInvalidate(keys.instances(env));
  return useMutation({
    mutationFn: (instance: string) =>
      ask(
        client.DELETE('/api/v1/environments/{env}/instances/{instance}', {
          params: { path: { env, instance } },
        }),
      ),
    onSuccess,
  });
}
