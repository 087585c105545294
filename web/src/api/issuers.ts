// Whose tokens stand for services here: `trusted-issuers`.
import { useMutation, useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';
import type { IssuerBody } from './schema';

export function useIssuers() {
  return useQuery({
    queryKey: keys.store('issuers'),
    queryFn: ({ signal }) => ask(client.GET('/api/v1/trusted-issuers', { signal })),
    select: (list) => list.issuers,
  });
}

const useChanged = () => useInvalidate(keys.store('issuers'));

export function usePutIssuer() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: ({ name, body }: { name: string; body: IssuerBody }) =>
      ask(client.PUT('/api/v1/trusted-issuers/{name}', { params: { path: { name } }, body })),
    onSettled,
  });
}

export function useDeleteIssuer() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: (name: string) =>
      ask(client.DELETE('/api/v1/trusted-issuers/{name}', { params: { path: { name } } })),
    onSettled,
  });
}
