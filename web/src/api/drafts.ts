// Drafts as lists need them: GET /drafts.
import { useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';

/** The keys of a namespace that my drafts change; none of an empty namespace. */
export function useDraftKeys(scope: Scope): ReadonlySet<string> {
  const { data: me } = useQuery({
    queryKey: keys.me,
    queryFn: ({ signal }) => ask(client.GET('/api/v1/access/me', { signal })),
    staleTime: 30_000,
  });
  const { data } = useQuery({
    queryKey: keys.namespace(scope, 'draft keys'),
    queryFn: ({ signal }) =>
      ask(
        client.GET('/api/v1/drafts', {
          params: { query: { env: scope.env, namespace: scope.ns, owner: me?.user ?? '' } },
          signal,
        }),
      ),
    enabled: me !== undefined && scope.ns !== '',
  });
  const changes = data?.drafts.flatMap((draft) => draft.changes) ?? [];
  return new Set(changes.filter((one) => one.namespace === scope.ns).map((one) => one.key));
}
