// What the first steps make: an environment, a namespace, an entry and a token for a program.
// PUT  /api/v1/environments/{env}
// PUT  /api/v1/environments/{env}/namespaces/{ns}
// GET  /api/v1/environments/{env}/namespaces/{ns}/entries
// PUT  /api/v1/environments/{env}/namespaces/{ns}/entries/{key}
// GET, POST /api/v1/tokens
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';

/** For the history. */
const MESSAGE = 'first steps';

export function useMakeEnvironment() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (env: string) =>
      ask(
        client.PUT('/api/v1/environments/{env}', {
          params: { path: { env } },
          body: { tier: 'dev', message: MESSAGE },
          headers: { 'If-None-Match': '*' },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.environments }),
  });
}

export function useMakeNamespace(env: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (ns: string) =>
      ask(
        client.PUT('/api/v1/environments/{env}/namespaces/{ns}', {
          params: { path: { env, ns } },
          body: { message: MESSAGE },
          headers: { 'If-None-Match': '*' },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.environment(env) }),
  });
}

export function useMakeEntry({ env, ns }: Scope) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ key, content }: { key: string; content: string }) =>
      ask(
        client.PUT('/api/v1/environments/{env}/namespaces/{ns}/entries/{key}', {
          params: { path: { env, ns, key } },
          // The body is the content itself.
          body: content as never,
          bodySerializer: (text) => text as unknown as string,
          headers: {
            'Content-Type': 'application/octet-stream',
            'If-None-Match': '*',
            'X-Message': MESSAGE,
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.environment(env) }),
  });
}

/** The keys of a namespace, the first few. */
export function firstKeysQuery(scope: Scope) {
  const { env, ns } = scope;
  return queryOptions({
    queryKey: keys.namespace(scope, 'entries', 'first'),
    queryFn: ({ signal }) =>
      ask(
        client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries', {
          params: { path: { env, ns }, query: { content: false, limit: 50 } },
          signal,
        }),
      ),
  });
}

/** A token that may read one namespace and report as an instance of it. */
export function useMakeToken({ env, ns }: Scope) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      ask(
        client.POST('/api/v1/tokens', {
          body: {
            name: `first steps: ${env}/${ns}`,
            expires_in_days: 30,
            scope: [{ role: 'agent', environment: env, namespace: ns }],
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.store('tokens') }),
  });
}

/** Whether a token was used, asked again and again until it was. */
export function usedQuery(id: string) {
  return queryOptions({
    queryKey: keys.store('tokens', 'used', id),
    queryFn: async ({ signal }) => {
      const { tokens } = await ask(client.GET('/api/v1/tokens', { signal }));
      return tokens.find((one) => one.id === id)?.last_used_at ?? null;
    },
    refetchInterval: ({ state }) => (state.data ? false : 3_000),
  });
}
