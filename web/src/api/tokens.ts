// API tokens: `tokens`.
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';
import type { TokenBody } from './schema';

/** The tokens of the caller, or of a service. Those of logins are sessions, and are shown as such. */
export function useTokens(user: string | undefined) {
  return useQuery({
    queryKey: keys.store('tokens', user ?? null),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/tokens', { params: { query: user === undefined ? {} : { user } }, signal })),
    select: (list) => list.tokens.filter((token) => !token.session),
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

const useChanged = () => useInvalidate(keys.store('tokens'));

export function useCreateToken() {
  const onSuccess = useChanged();
  return useMutation({
    mutationFn: (body: TokenBody) => ask(client.POST('/api/v1/tokens', { body })),
    onSuccess,
  });
}

/** Replaces a token; the old one goes on for as many seconds. */
export function useRotateToken() {
  const onSuccess = useChanged();
  return useMutation({
    mutationFn: ({ id, overlap }: { id: string; overlap: number }) =>
      ask(
        client.POST('/api/v1/tokens/{id}/rotate', {
          params: { path: { id } },
          body: { overlap_seconds: overlap },
        }),
      ),
    onSuccess,
  });
}

export function useRevokeToken() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: (id: string) => ask(client.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
    onSettled,
  });
}
