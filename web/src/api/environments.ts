// Environments: GET, PUT, DELETE /environments[/{env}], and their freezes.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { headerText } from '../lib/headers';
import client, { ask } from './client';
import { keys } from './keys';
import type { EnvironmentBody } from './schema';

export const environmentsQuery = queryOptions({
  queryKey: keys.environments,
  queryFn: ({ signal }) => ask(client.GET('/api/v1/environments', { signal })),
  select: (list) => list.environments,
  staleTime: 15_000,
});

/** Nothing is changed that was changed by somebody else since it was shown. */
function unchanged(revision: number | null): Record<string, string> {
  return revision === null ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` };
}

/** Why, where no body can say it. */
function why(message: string): Record<string, string> {
  return message === '' ? {} : { 'x-message': headerText(message) };
}

function useInvalidate() {
  const queries = useQueryClient();
  return async (_data: unknown, _error: Error | null, { name }: { name: string }) => {
    await Promise.all(
      [keys.environments, keys.environment(name), keys.store('revisions')].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    );
  };
}

/** Makes an environment when there is no revision, else changes the one of that revision. */
export function usePutEnvironment() {
  const onSettled = useInvalidate();
  return useMutation({
    mutationFn: ({
      name,
      revision,
      body,
    }: {
      name: string;
      revision: number | null;
      body: EnvironmentBody;
    }) =>
      ask(
        client.PUT('/api/v1/environments/{env}', {
          params: { path: { env: name } },
          headers: unchanged(revision),
          body,
        }),
      ),
    onSettled,
  });
}

export function useDeleteEnvironment() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, revision, message }: { name: string; revision: number; message: string }) =>
      ask(
        client.DELETE('/api/v1/environments/{env}', {
          params: { path: { env: name } },
          headers: { ...unchanged(revision), ...why(message) },
        }),
      ),
    // Nothing of it is asked for again.
    onSuccess: (_, { name }) =>
      Promise.all([
        queries.invalidateQueries({ queryKey: keys.environments }),
        queries.invalidateQueries({ queryKey: keys.environment(name), refetchType: 'none' }),
        queries.invalidateQueries({ queryKey: keys.store('revisions') }),
      ]),
  });
}

export function useFreeze() {
  const onSettled = useInvalidate();
  return useMutation({
    mutationFn: ({ name, reason }: { name: string; reason: string }) =>
      ask(
        client.PUT('/api/v1/environments/{env}/freeze', {
          params: { path: { env: name } },
          body: { reason },
        }),
      ),
    onSettled,
  });
}

export function useUnfreeze() {
  const onSettled = useInvalidate();
  return useMutation({
    mutationFn: ({ name, message }: { name: string; message: string }) =>
      ask(
        client.DELETE('/api/v1/environments/{env}/freeze', {
          params: { path: { env: name } },
          headers: why(message),
        }),
      ),
    onSettled,
  });
}
