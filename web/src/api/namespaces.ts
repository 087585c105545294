// Namespaces: GET, PUT, DELETE /environments/{env}/namespaces[/{ns}].
import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { headerText } from '../lib/headers';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys, type Scope } from './keys';
import type { NamespaceBody } from './schema';

/** All namespaces of an environment; asked for as soon as one is chosen. */
export const namespacesQuery = (env: string) =>
  queryOptions({
    queryKey: keys.environment(env, 'namespaces'),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/environments/{env}/namespaces', { params: { path: { env } }, signal })),
    enabled: env !== '',
  });

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
  const onSuccess = useInvalidate(keys.environment(env));
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
    onSuccess,
  });
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
          headers: { 'X-Message': headerText(message) },
        }),
      ),
    onSuccess: () => {
      onDone();
      void queries.invalidateQueries({ queryKey: keys.environment(env) });
    },
  });
}
