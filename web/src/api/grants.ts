// Who holds what, and why somebody may do something: `grants`, `access/explain`, `access/who-can`.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';
import type { Action, ExplainBody, GrantBody, Role, WhoCanBody } from './schema';

const PAGE = 1_000;

export interface GrantFilter {
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

/** Without the fields that are empty. */
function filled<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const some = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(some) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

export function useGrants(filter: GrantFilter) {
  return useInfiniteQuery({
    queryKey: keys.store('grants', filled(filter)),
    queryFn: ({ signal, pageParam }) =>
      ask(
        client.GET('/api/v1/grants', {
          params: { query: { limit: PAGE, ...filled(filter), ...pageParam } },
          signal,
        }),
      ),
    initialPageParam: {} as { after?: string },
    getNextPageParam: (last) => (last.next == null ? undefined : { after: last.next }),
    select: (data) => data.pages.flatMap((page) => page.grants),
  });
}

function useInvalidate() {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      [keys.store('grants'), keys.store('groups'), keys.store('explain'), keys.me].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    );
}

export function useGiveGrant() {
  const onSettled = useInvalidate();
  return useMutation({
    mutationFn: (body: GrantBody) => ask(client.POST('/api/v1/grants', { body })),
    onSettled,
  });
}

export function useTakeGrant() {
  const onSettled = useInvalidate();
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
      ask(client.POST('/api/v1/access/explain', { body: filled(question ?? {}) as ExplainBody, signal })),
    enabled: question !== null,
  });
}

export function useWhoCan(question: WhoCanBody | null) {
  return useQuery({
    queryKey: keys.store('explain', 'all', question),
    queryFn: ({ signal }) =>
      ask(client.POST('/api/v1/access/who-can', { body: filled(question ?? {}) as WhoCanBody, signal })),
    enabled: question !== null,
  });
}
