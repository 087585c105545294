// People and services: `users`.
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import client, { ask } from './client';
import { usePeopleChanged } from './invalidate';
import { keys } from './keys';
import type { UserBody } from './schema';

/** As many as the server gives at once. */
const PAGE = 1_000;

export function useUsers(enabled = true) {
  return useInfiniteQuery({
    queryKey: keys.store('users'),
    queryFn: ({ signal, pageParam }) =>
      ask(client.GET('/api/v1/users', { params: { query: { limit: PAGE, ...pageParam } }, signal })),
    initialPageParam: {} as { after?: string },
    getNextPageParam: (last) => (last.next == null ? undefined : { after: last.next }),
    select: (data) => data.pages.flatMap((page) => page.users),
    enabled,
  });
}

export function useCreateUser() {
  const onSuccess = usePeopleChanged();
  return useMutation({
    mutationFn: (body: UserBody) => ask(client.POST('/api/v1/users', { body })),
    onSuccess,
  });
}

export function useSetDisabled() {
  const onSettled = usePeopleChanged();
  return useMutation({
    mutationFn: ({ name, disabled }: { name: string; disabled: boolean }) =>
      ask(client.PUT('/api/v1/users/{name}', { params: { path: { name } }, body: { disabled } })),
    onSettled,
  });
}

/** Gives a person a one-time password. */
export function useResetPassword() {
  return useMutation({
    mutationFn: (name: string) =>
      ask(client.POST('/api/v1/users/{name}/password', { params: { path: { name } } })),
  });
}
