// Groups and who is in them: `groups`.
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import client, { ask } from './client';
import { usePeopleChanged } from './invalidate';
import { keys } from './keys';

const PAGE = 1_000;

export function useGroups(enabled = true) {
  return useInfiniteQuery({
    queryKey: keys.store('groups'),
    queryFn: ({ signal, pageParam }) =>
      ask(client.GET('/api/v1/groups', { params: { query: { limit: PAGE, ...pageParam } }, signal })),
    initialPageParam: {} as { after?: string },
    getNextPageParam: (last) => (last.next == null ? undefined : { after: last.next }),
    select: (data) => data.pages.flatMap((page) => page.groups),
    enabled,
  });
}

/** Sets the members that are kept here. */
export function useSetMembers() {
  const onSettled = usePeopleChanged();
  return useMutation({
    mutationFn: ({ name, members }: { name: string; members: string[] }) =>
      ask(client.PUT('/api/v1/groups/{name}', { params: { path: { name } }, body: { members } })),
    onSettled,
  });
}

export function useDeleteGroup() {
  const onSettled = usePeopleChanged();
  return useMutation({
    mutationFn: (name: string) => ask(client.DELETE('/api/v1/groups/{name}', { params: { path: { name } } })),
    onSettled,
  });
}
