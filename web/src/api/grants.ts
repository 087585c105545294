// Who holds what, and why somebody may do something: `grants`, `access/explain`, `access/who-can`.
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { useInvalidate } from './invalidate';
import { keys } from './keys';
import type { Action, ExplainBody, GrantBody, Role, WhoCanBody } from './schema';

const PAGE = 1_000;

interface GrantFilter {
  subject?: string | undefined;
  environment?: string | undefined;
  namespace?: string | undefined;
  role?: Role | undefined;
}

/** What each role allows, as the server has it. */
export const roleActions: Record<Role, Action[]> = {
  viewer: ['read', 'inspect'],
  editor: ['read', 'inspect', 'draft'],
  publisher: ['read', 'inspect', 'draft', 'publish', 'rollback', 'report'],
  operator: ['read', 'inspect', 'rollback', 'freeze'],
  agent: ['read', 'report'],
  'secret-reader': ['reveal'],
  admin: ['read', 'inspect', 'manage', 'freeze', 'grant', 'audit', 'administer'],
};

export const roleNames = Object.keys(roleActions) as Role[];

export const actionNames: Action[] = [
  'read',
  'inspect',
  'draft',
  'publish',
  'rollback',
  'freeze',
  'report',
  'reveal',
  'manage',
  'grant',
  'audit',
  'administer',
];

export function useGrants(filter: GrantFilter) {
  return useInfiniteQuery({
    queryKey: keys.store('grants', given(filter)),
    queryFn: ({ signal, pageParam }) =>
      ask(
        client.GET('/api/v1/grants', {
          params: { query: { limit: PAGE, ...given(filter), ...pageParam } },
          signal,
        }),
      ),
    initialPageParam: {} as { after?: string },
    getNextPageParam: (last) => (last.next == null ? undefined : { after: last.next }),
    select: (data) => data.pages.flatMap((page) => page.grants),
  });
}

const useChanged = () =>
  useInvalidate(keys.store('grants'), keys.store('groups'), keys.store('explain'), keys.me);

export function useGiveGrant() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: (body: GrantBody) => ask(client.POST('/api/v1/grants', { body })),
    onSettled,
  });
}

export function useTakeGrant() {
  const onSettled = useChanged();
  return useMutation({
    mutationFn: (id: string) => ask(client.DELETE('/api/v1/grants/{id}', { params: { path: { id } } })),
    onSettled,
  });
}

/** Whether somebody may do something; asked only when there is a question. */
export function useExplain(question: ExplainBody | null) {
  return useQuery({
    queryKey: keys.store('explain', 'one', question),
    queryFn: ({ signal }) =>
      ask(client.POST('/api/v1/access/explain', { body: given(question ?? {}) as ExplainBody, signal })),
    enabled: question !== null,
  });
}

export function useWhoCan(question: WhoCanBody | null) {
  return useQuery({
    queryKey: keys.store('explain', 'all', question),
    queryFn: ({ signal }) =>
      ask(client.POST('/api/v1/access/who-can', { body: given(question ?? {}) as WhoCanBody, signal })),
    enabled: question !== null,
  });
}
