// Drafts as lists need them: GET /drafts.
import { useQuery } from '@tanstack/react-query';
import type { Client } from 'openapi-fetch';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import type { Format } from './schema';

interface Body<T> {
  content: { 'application/json': T };
}

interface Draft {
  id: string;
  hash: string;
  changes: { namespace: string; key: string }[];
}

interface DraftChange {
  namespace: string;
  key: string;
  op: 'put';
  format: Format;
  content?: string;
  content_base64?: string;
  if_revision: number;
}

interface DraftPaths {
  '/api/v1/drafts': {
    get: {
      parameters: { query: { env: string; namespace: string; owner: string } };
      responses: { 200: Body<{ drafts: Draft[] }> };
    };
    post: { requestBody: Body<{ env: string; namespace: string }>; responses: { 200: Body<Draft> } };
  };
  '/api/v1/drafts/{id}': {
    patch: {
      parameters: { path: { id: string }; header: { 'If-Match': string } };
      requestBody: Body<{ put: DraftChange[] }>;
      responses: { 200: Body<Draft> };
    };
  };
}

export const drafts = client as unknown as Client<DraftPaths>;

/** The keys of a namespace that my drafts change. */
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
        drafts.GET('/api/v1/drafts', {
          params: { query: { env: scope.env, namespace: scope.ns, owner: me?.user ?? '' } },
          signal,
        }),
      ),
    enabled: me !== undefined,
  });
  const changes = data?.drafts.flatMap((draft) => draft.changes) ?? [];
  return new Set(changes.filter((one) => one.namespace === scope.ns).map((one) => one.key));
}
