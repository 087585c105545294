// Namespaces: GET, PUT, DELETE /environments/{env}/namespaces[/{ns}].
import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import type { NamespaceBody } from './schema';

const namespacesQuery = (env: string) =>
  queryOptions({
    queryKey: keys.environment(env, 'namespaces'),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/environments/{env}/namespaces', { params: { path: { env } }, signal })),
    enabled: env !== '',
  });

/** All namespaces of an environment; of none as long as none is chosen. */
export function useNamespaces(env: string) {
  return useQuery(namespacesQuery(env));
}

/** One of them, or null when it is not there. The list is on every page anyway. */
export function useNamespace({ env, ns }: Scope) {
  return useQuery({
    ...namespacesQuery(env),
    select: ({ namespaces }) => namespaces.find((one) => one.name === ns) ?? null,
  });
}

/** In which of some environments a namespace is. */
export function useWhereNamespace(ns: string, environments: string[]): string[] {
  return useQueries({
    queries: environments.map(namespacesQuery),
    combine: (found) =>
      environments.filter((_, nth) => found[nth]?.data?.namespaces.some((one) => one.name === ns)),
  });
}

/** Creates a namespace, or replaces its attributes. */
export function usePutNamespace(env: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, ...body }: NamespaceBody & { name: string; isNew?: boolean }) => {
      const { isNew, ...attributes } = body;
      return ask(
        client.PUT('/api/v1/environments/{env}/namespaces/{ns}', {
          params: { path: { env, ns: name } },
          body: attributes,
          ...(isNew && { headers: { 'If-None-Match': '*' } }),
        }),
      );
    },
    onSuccess: () => void queries.invalidateQueries({ queryKey: keys.environment(env) }),
  });
}

/** A text as a header carries it: browsers take one character for each byte, the server reads UTF-8. */
function asHeader(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text.trim().replace(/\s+/g, ' ')));
}

/**
 * Deletes a namespace. With something in it the server wants that confirmed, and says what it is. `onDone` is called also when what asked for it
 * is not shown any more.
 */
export function useDeleteNamespace({ env, ns }: Scope, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ message, confirmed }: { message: string; confirmed: boolean }) =>
      ask(
        client.DELETE('/api/v1/environments/{env}/namespaces/{ns}', {
          params: { path: { env, ns }, query: confirmed ? { confirm: ns } : {} },
          headers: { 'X-Message': asHeader(message) },
        }),
      ),
    onSuccess: () => {
      onDone();
      void queries.invalidateQueries({ queryKey: keys.environment(env) });
    },
  });
}
