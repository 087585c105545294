// Instances of an environment.
// GET    /api/v1/environments/{env}/instances
// GET    /api/v1/environments/{env}/instances/{instance}
// DELETE /api/v1/environments/{env}/instances/{instance}
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { keys } from './keys';
import type { InstanceView } from './schema';

/** The change that instances run. */
export interface Runs {
  revision: number;
  at: string;
  actor: string;
  message: string;
  kind: string;
}

/** What instances come to, over all pages. */
export interface InstanceSummary {
  total: number;
  presences: Record<string, number>;
  states: Record<string, number>;
  drifted: number;
  broken: number;
  unhealthy: number;
  missing: number;
  runs: { runs?: Runs | null; instances: number }[];
  older: number;
}

export type Instance = InstanceView & { runs?: Runs | null };

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
  const query = { ...given({ ...filter, runs: filter.runs && Number(filter.runs) }), limit, summary: true };
  return queryOptions({
    queryKey: keys.instances(env, 'list', query),
    queryFn: async ({ signal }) =>
      (await ask(
        client.GET('/api/v1/environments/{env}/instances', {
          params: { path: { env }, query: query as object },
          signal,
        }),
      )) as { instances: Instance[]; next?: string | null; summary?: InstanceSummary | null },
    placeholderData: keepPreviousData,
  });
}

/** One instance, now or as it was at a revision or an instant. */
export function instanceQuery(env: string, instance: string, at: string | undefined) {
  return queryOptions({
    queryKey: keys.instances(env, 'one', instance, at),
    queryFn: async ({ signal }): Promise<Instance> =>
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
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (instance: string) =>
      ask(
        client.DELETE('/api/v1/environments/{env}/instances/{instance}', {
          params: { path: { env, instance } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.instances(env) }),
  });
}
