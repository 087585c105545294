// Drafts: GET and POST /drafts, GET, PATCH and DELETE /drafts/{id}, POST /drafts/{id}/publish.

import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import { meQuery } from './me';
import { codeOf, ProblemError } from './problem';
import type { DraftChangeView, DraftPatch, DraftView, WriteView } from './schema';
import { publishDraft } from './verdicts';

/** My draft of a namespace that the console opens by itself: the one without a title. */
export function draftKey(scope: Scope) {
  return keys.namespace(scope, 'draft');
}

/** My drafts that change something of a namespace, without their contents. */
function listKey(scope: Scope) {
  return keys.namespace(scope, 'draft keys');
}

/** Remembers what became of my draft; null when it is gone. */
export async function keepDraft(queries: QueryClient, scope: Scope, draft: DraftView | null) {
  queries.setQueryData(draftKey(scope), draft);
  await Promise.all([
    queries.invalidateQueries({ queryKey: listKey(scope) }),
    queries.invalidateQueries({ queryKey: keys.store('drafts') }),
  ]);
}

async function ownName(queries: QueryClient): Promise<string> {
  return (await queries.ensureQueryData(meQuery)).user;
}

/** My draft of a namespace with its contents; null while there is none. */
export function useMyDraft(scope: Scope) {
  return useQuery({
    queryKey: draftKey(scope),
    queryFn: async ({ client: queries, signal }): Promise<DraftView | null> => {
      const query = { env: scope.env, namespace: scope.ns, owner: await ownName(queries) };
      const { drafts } = await ask(client.GET('/api/v1/drafts', { params: { query }, signal }));
      const mine = drafts.find((one) => one.title === '' && one.namespace === scope.ns);
      if (!mine) return null;
      try {
        return await ask(client.GET('/api/v1/drafts/{id}', { params: { path: { id: mine.id } }, signal }));
      } catch (error) {
        // Published or discarded between the two calls.
        if (codeOf(error) === 'not_found') return null;
        throw error;
      }
    },
  });
}

/** The keys of a namespace that my drafts change; none of an empty namespace. */
export function useDraftKeys(scope: Scope): ReadonlySet<string> {
  const { data: drafts = [] } = useQuery({
    queryKey: listKey(scope),
    queryFn: async ({ client: queries, signal }) => {
      const query = { env: scope.env, namespace: scope.ns, owner: await ownName(queries) };
      return (await ask(client.GET('/api/v1/drafts', { params: { query }, signal }))).drafts;
    },
    enabled: scope.ns !== '',
  });
  const changes = drafts.flatMap((draft) => draft.changes).filter((one) => one.namespace === scope.ns);
  return new Set(changes.map((one) => one.key));
}

/** Reads my draft again. */
export function useRereadDraft({ env, ns }: Scope) {
  const queries = useQueryClient();
  return useCallback(
    () => queries.invalidateQueries({ queryKey: draftKey({ env, ns }) }),
    [queries, env, ns],
  );
}

/** All drafts of mine without their contents, the newest first. */
export function useMyDrafts() {
  return useQuery({
    queryKey: keys.store('drafts'),
    queryFn: async ({ client: queries, signal }) => {
      const query = { owner: await ownName(queries) };
      const { drafts } = await ask(client.GET('/api/v1/drafts', { params: { query }, signal }));
      return drafts.filter((one) => one.changes.length > 0);
    },
  });
}

/** My draft, opened if there is none yet. */
export function openDraft({ env, ns }: Scope): Promise<DraftView> {
  return ask(client.POST('/api/v1/drafts', { body: { env, namespace: ns } }));
}

/** Edits a draft as it was seen. 412 says how it is by now. */
export function editDraft(id: string, hash: string, patch: DraftPatch): Promise<DraftView> {
  const params = { path: { id }, header: { 'If-Match': `"${hash}"` } };
  return ask(client.PATCH('/api/v1/drafts/{id}', { params, body: patch }));
}

/** The draft as the server has it now, when an error says so. */
export function presentDraft(error: unknown): DraftView | null {
  return error instanceof ProblemError ? (error.problem.draft ?? null) : null;
}

/** The change of an entry. */
export function changeOf(
  draft: DraftView | null | undefined,
  ns: string,
  key: string,
): DraftChangeView | undefined {
  return draft?.changes.find((one) => one.namespace === ns && one.key === key);
}

/** Puts changes into my draft, and drops others, whatever else it has; for what does not come from the editor. */
export function useEditMyDraft(scope: Scope) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (patch: DraftPatch) => {
      const known = queries.getQueryData<DraftView | null>(draftKey(scope));
      let draft = known ?? (await openDraft(scope));
      for (;;) {
        try {
          return await editDraft(draft.id, draft.hash, patch);
        } catch (error) {
          const present = presentDraft(error);
          const gone = codeOf(error) === 'not_found' && draft === known;
          if (!present && !gone) throw error;
          draft = present ?? (await openDraft(scope));
        }
      }
    },
    onSuccess: (draft) => keepDraft(queries, scope, draft),
  });
}

/** Throws a draft away. */
export function useDiscardDraft(scope: Scope) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: DraftView) =>
      ask(client.DELETE('/api/v1/drafts/{id}', { params: { path: { id } } })).catch((error: unknown) => {
        if (codeOf(error) !== 'not_found') throw error;
      }),
    onSuccess: () => keepDraft(queries, scope, null),
  });
}

/** Publishes a draft exactly as it was shown. `onPublished` comes first: afterwards there is no draft to show. */
export function usePublishDraft(scope: Scope, onPublished: (write: WriteView) => Promise<void>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ draft, message }: { draft: DraftView; message: string }) =>
      publishDraft(draft.id, { base: draft.head, hash: draft.hash, message }),
    onSuccess: async (write) => {
      await onPublished(write);
      queries.setQueryData(draftKey(scope), null);
      await Promise.all([
        queries.invalidateQueries({ queryKey: keys.environment(scope.env) }),
        queries.invalidateQueries({ queryKey: keys.store() }),
      ]);
    },
    onError: (error) => {
      const present = presentDraft(error);
      if (present) void keepDraft(queries, scope, present);
      else void queries.invalidateQueries({ queryKey: keys.namespace(scope) });
    },
  });
}
