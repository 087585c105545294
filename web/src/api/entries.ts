// One entry: GET and PUT /environments/{env}/namespaces/{ns}/entries/{key}, and GET /revisions for why it changed last.
import { queryOptions, useMutation, useQueries, useQuery } from '@tanstack/react-query';
import { headerText } from '../lib/headers';
import client, { ask, base } from './client';
import { useInvalidate } from './invalidate';
import { keys, type Scope } from './keys';
import { codeOf } from './problem';
import type { EntryView } from './schema';

/** Something that is not there is nothing, and no error. */
async function orNothing<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === 'not_found') return null;
    throw error;
  }
}

export function readEntry(
  { env, ns }: Scope,
  key: string,
  query: { at?: string; reveal?: boolean },
  signal?: AbortSignal,
): Promise<EntryView> {
  return ask(
    client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries/{key}', {
      params: { path: { env, ns, key }, query },
      ...(signal && { signal }),
    }),
  ) as Promise<EntryView>;
}

/** An entry as it is, or was at a revision; null where there is none. */
export function entryQuery(scope: Scope, key: string, at?: string) {
  return queryOptions({
    queryKey: keys.namespace(scope, 'entry', key, at ?? 'now'),
    queryFn: ({ signal }): Promise<EntryView | null> =>
      orNothing(readEntry(scope, key, at === undefined ? {} : { at }, signal)),
    staleTime: at === undefined ? 5_000 : 60_000,
  });
}

export function useEntry(scope: Scope, key: string, at?: string) {
  return useQuery(entryQuery(scope, key, at));
}

/** The plaintext of a sealed entry. It is kept in no cache, and the audit notes that it was asked for. */
export function reveal(scope: Scope, key: string, at?: string): Promise<EntryView> {
  return readEntry(scope, key, { reveal: true, ...(at !== undefined && { at }) });
}

/** Which of some environments have the same namespace and key. */
export function useEntryElsewhere(environments: string[], ns: string, key: string): string[] {
  const found = useQueries({
    queries: environments.map((env) => ({
      queryKey: keys.namespace({ env, ns }, 'has', key),
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const query = { prefix: key, content: false, limit: 1 };
        const page = await orNothing(
          ask(
            client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries', {
              params: { path: { env, ns }, query },
              signal,
            }),
          ),
        );
        return page?.entries[0]?.key === key;
      },
    })),
  });
  return environments.filter((_, nth) => found[nth]?.data === true);
}

/** What was said when an entry got its present content; nothing to those who may not see the history. */
export function useEntryMessage(scope: Scope, key: string, revision: number | undefined) {
  return useQuery({
    queryKey: keys.namespace(scope, 'message', key, revision),
    queryFn: async ({ signal }) => {
      const query = {
        env: scope.env,
        namespace: scope.ns,
        key,
        before: String((revision ?? 0) + 1),
        limit: 1,
      };
      const list = await ask(client.GET('/api/v1/revisions', { params: { query }, signal }));
      return list.revisions.find((one) => one.revision === revision)?.message ?? '';
    },
    enabled: revision !== undefined,
    staleTime: 60_000,
  });
}

/** Makes an entry where there is none, live at once. */
export function useMakeEntry({ env, ns }: Scope) {
  const onSuccess = useInvalidate(keys.environment(env));
  return useMutation({
    mutationFn: ({ key, content, message }: { key: string; content: string; message: string }) =>
      ask(
        client.PUT('/api/v1/environments/{env}/namespaces/{ns}/entries/{key}', {
          params: { path: { env, ns, key } },
          // The body is the content itself.
          body: content as never,
          bodySerializer: (text) => text as unknown as string,
          headers: {
            'Content-Type': 'application/octet-stream',
            'If-None-Match': '*',
            'X-Message': headerText(message),
          },
        }),
      ),
    onSuccess,
  });
}

/** Where the bytes of an entry are. */
export function rawAddress({ env, ns }: Scope, key: string, at?: string): string {
  const path = [env, 'namespaces', ns, 'entries', ...key.split('/')].map(encodeURIComponent).join('/');
  const query = new URLSearchParams({ raw: '', ...(at !== undefined && { at }) });
  return `${base}/api/v1/environments/${path}?${query}`;
}
