// Where people log in: `identity-providers`.
import { useMutation, useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';
import type { ProviderBody } from './schema';

/** Their names for everybody, all of them for those who operate the store. */
export function useProviders() {
  return useQuery({
    queryKey: keys.store('providers'),
    queryFn: ({ signal }) => ask(client.GET('/api/v1/identity-providers', { signal })),
    select: (list) => list.providers,
  });
}

const useChanged = () => useInvalidate(keys.store());

export function usePutProvider() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: ({ name, body }: { name: string; body: ProviderBody }) =>
      ask(
        client.PUT('/api/v1/identity-providers/{provider}', { params: { path: { provider: name } }, body }),
      ),
    onSettled,
  });
}

export function useDeleteProvider() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: (provider: string) =>
      ask(client.DELETE('/api/v1/identity-providers/{provider}', { params: { path: { provider } } })),
    onSettled,
  });
}
