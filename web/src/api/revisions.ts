// History: GET /revisions[/{rev}], GET /revisions/{rev}/receipts, POST /rollback.
import { queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { keys } from './keys';
import type { Kind, RevisionView, RollbackBody, WriteView } from './schema';

/** Which revisions: what is absent narrows nothing. */
export interface RevisionFilter {
  env: string;
  namespace?: string | undefined;
  key?: string | undefined;
  actor?: string | undefined;
  kind?: Kind | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

function keyOf({ env, namespace, ...rest }: RevisionFilter, ...more: unknown[]) {
  return namespace === undefined
    ? keys.environment(env, 'revisions', rest, ...more)
    : keys.namespace({ env, ns: namespace }, 'revisions', rest, ...more);
}

function list(
  filter: Partial<RevisionFilter>,
  page: { before?: string; running?: boolean; limit: number },
  signal?: AbortSignal,
) {
  const query = given({ ...filter, ...page });
  return ask(client.GET('/api/v1/revisions', { params: { query }, ...(signal && { signal }) }));
}

/** Revisions, newest first, page by page. */
export function useRevisions(filter: RevisionFilter, limit = 50) {
  return useInfiniteQuery({
    queryKey: keyOf(filter, limit),
    queryFn: ({ pageParam, signal }) =>
      list(
        filter,
        {
          ...(pageParam !== undefined && { before: pageParam }),
          // Instances are counted for a namespace only.
          ...(filter.namespace !== undefined && { running: true }),
          limit,
        },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.next == null ? undefined : String(last.next)),
    select: ({ pages }) => pages.flatMap(({ revisions }) => revisions),
  });
}

/** The newest revision of what a filter says, or the newest one up to another; nothing when there is none. */
export function useRevisionAt(filter: RevisionFilter, upTo?: number) {
  return useQuery({
    queryKey: keyOf(filter, 'at', upTo ?? 'now'),
    queryFn: async ({ signal }) => {
      const page = { ...(upTo !== undefined && { before: String(upTo + 1) }), limit: 1 };
      return (await list(filter, page, signal)).revisions[0] ?? null;
    },
    enabled: upTo !== 0,
  });
}

/** The last changes of a namespace. */
export function lastChangesQuery(env: string, ns: string, limit: number) {
  return queryOptions({
    queryKey: keys.namespace({ env, ns }, 'revisions', 'last', limit),
    queryFn: ({ signal }) => list({ env, namespace: ns }, { limit }, signal),
  });
}

/** The changes of all environments since an instant; `name` tells apart what is asked for, as the instant moves on. */
export function changesSinceQuery(name: string, seconds: number) {
  return queryOptions({
    queryKey: keys.store('revisions', 'since', name),
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - seconds * 1_000).toISOString();
      return list({ since }, { limit: 25 }, signal);
    },
    // No stream tells of all environments at once.
    refetchInterval: 15_000,
  });
}

/** One revision with its changes and their diffs. */
export function useRevision(revision: number) {
  return useQuery({
    queryKey: keys.store('revisions', revision),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/revisions/{rev}', { params: { path: { rev: revision } }, signal })),
    staleTime: 60_000,
  });
}

/** How far beyond a revision the next one is looked for, step by step. */
const REACH = [40, 1000];

/** The next older and newer revisions of what a filter says. */
export function useNeighbours(revision: number, at: string, filter: RevisionFilter) {
  return useQuery({
    queryKey: keyOf(filter, 'neighbours', revision),
    queryFn: async ({ signal }) => {
      const older = await list(filter, { before: String(revision), limit: 1 }, signal);
      return { older: older.revisions[0], newer: await newer(revision, { ...filter, since: at }, signal) };
    },
  });
}

async function newer(
  revision: number,
  filter: RevisionFilter,
  signal: AbortSignal,
): Promise<RevisionView | undefined> {
  for (const reach of REACH) {
    const page = { before: String(revision + reach + 1), limit: reach };
    const { revisions } = await list(filter, page, signal);
    const found = revisions.filter((one) => one.revision > revision).at(-1);
    if (found) return found;
  }
  // Nothing near: whatever there is, is few.
  let found: RevisionView | undefined;
  let before: string | undefined;
  do {
    const page = await list(filter, { ...(before !== undefined && { before }), limit: 1000 }, signal);
    found = page.revisions.filter((one) => one.revision > revision).at(-1) ?? found;
    before = page.next == null ? undefined : String(page.next);
  } while (before !== undefined && Number(before) > revision);
  return found;
}

/** Who runs a revision. Asked again by itself, faster while some are on their way. */
export function useReceipts(revision: number) {
  return useQuery({
    queryKey: keys.store('revisions', revision, 'receipts'),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/revisions/{rev}/receipts', { params: { path: { rev: revision } }, signal })),
    refetchInterval: ({ state }) => ((state.data?.pending ?? 1) > 0 ? 2_000 : 10_000),
  });
}

export type Rollback = Omit<RollbackBody, 'message' | 'dry_run'>;

const rollBack = (body: RollbackBody, signal?: AbortSignal) =>
  ask(client.POST('/api/v1/rollback', { body, ...(signal && { signal }) }));

/** What a rollback or a revert would do now. */
export function useRollbackPreview(scope: { env: string; ns: string }, body: Rollback | null) {
  return useQuery({
    queryKey: keys.namespace(scope, 'rollback', body),
    // A message is asked for even where nothing is changed.
    queryFn: ({ signal }) => rollBack({ ...(body ?? {}), dry_run: true, message: '-' }, signal),
    enabled: body !== null,
    staleTime: 0,
  });
}

/** Rolls back or reverts. `onDone` is called also when what asked for it is not shown any more. */
export function useRollback(env: string, onDone: (written: WriteView) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: RollbackBody) => rollBack(body),
    onSuccess: (written) => {
      onDone(written);
      void queries.invalidateQueries({ queryKey: keys.environment(env) });
      void queries.invalidateQueries({ queryKey: keys.store('revisions') });
    },
  });
}
