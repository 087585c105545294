// How many instances a change would reach: GET /environments/{env}/instances.
import { useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

const MOST = 1000;

/** The instances that are there now and run on one of some namespaces; more than `MOST` are not counted on. */
export function useInstanceCount(env: string, namespaces: string[]) {
  return useQuery({
    queryKey: keys.instances(env, 'count', namespaces),
    queryFn: async ({ signal }) => {
      const [only, ...others] = namespaces;
      const query = { limit: MOST, ...(others.length === 0 && only !== undefined && { namespace: only }) };
      const { instances, next } = await ask(
        client.GET('/api/v1/environments/{env}/instances', { params: { path: { env }, query }, signal }),
      );
      const reached = instances.filter(
        (one) => one.presence !== 'gone' && one.namespaces.some((ns) => namespaces.includes(ns)),
      );
      return { count: reached.length, more: next != null };
    },
    enabled: namespaces.length > 0,
  });
}
