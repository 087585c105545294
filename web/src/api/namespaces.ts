// Namespaces: GET, PUT, DELETE /environments/{env}/namespaces[/{ns}].
import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { headerText } from '../lib/headers';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys, type Scope } from './keys';
import { codeOf } from './problem';
import type { NamespaceBody, NamespaceView } from './schema';

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

function put({ env, ns }: Scope, body: NamespaceBody, headers: Record<string, string> = {}) {
  const path = { env, ns };
  return ask(client.PUT('/api/v1/environments/{env}/namespaces/{ns}', { params: { path }, body, headers }));
}

/** Creates a namespace. */
export function usePutNamespace(env: string) {
  const onSuccess = useInvalidate(keys.environment(env));
  return useMutation({
    mutationFn: ({ name, isNew, ...body }: NamespaceBody & { name: string; isNew?: boolean }) =>
      put({ env, ns: name }, body, isNew ? { 'If-None-Match': '*' } : {}),
    onSuccess,
  });
}

type Attributes = Pick<NamespaceView, 'description' | 'secret_keys'>;

export function sameAttributes(one: Attributes, other: Attributes): boolean {
  const text = ({ description = '', secret_keys = [] }: Attributes) =>
    JSON.stringify([description, secret_keys]);
  return text(one) === text(other);
}

/**
 * Writes onto a namespace as it was seen. Its revision is also that of its entries, and a publish takes nothing from who writes
 * attributes: it is tried again, as long as these are what was seen.
 */
export async function writeOnto<T>(
  seen: NamespaceView,
  write: (revision: number) => Promise<T>,
  read: () => Promise<NamespaceView>,
): Promise<T> {
  let { revision } = seen;
  for (;;) {
    try {
      return await write(revision);
    } catch (error) {
      if (codeOf(error) !== 'precondition_failed') throw error;
      const present = await read();
      if (present.revision === revision || !sameAttributes(present, seen)) throw error;
      ({ revision } = present);
    }
  }
}

/** Replaces the attributes of a namespace, as long as they are those that were seen. */
export function useChangeNamespace({ env, ns }: Scope) {
  const onSettled = useInvalidate(keys.environment(env));
  return useMutation({
    mutationFn: ({ seen, body }: { seen: NamespaceView; body: NamespaceBody }) =>
      writeOnto(
        seen,
        (revision) => put({ env, ns }, body, { 'If-Match': `"${revision}"` }),
        () =>
          ask(client.GET('/api/v1/environments/{env}/namespaces/{ns}', { params: { path: { env, ns } } })),
      ),
    onSettled,
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
