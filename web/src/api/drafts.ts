// Drafts: GET and POST /drafts, GET, PATCH and DELETE /drafts/{id}, POST /drafts/{id}/publish; POST /publish to judge one change.
import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import { codeOf, ProblemError } from './problem';
import type {
  ChangeBody,
  DraftChangeBody,
  DraftChangeView,
  DraftPatch,
  DraftPublishBody,
  DraftView,
  WriteView,
} from './schema';

/** My draft of a namespace that the console opens by itself: the one without a title. */
export function draftKey(scope: Scope) {
  return keys.namespace(scope, 'draft');
}

async function ownName(queries: QueryClient): Promise<string> {
  const me = await queries.ensureQueryData({
    queryKey: keys.me,
    queryFn: () => ask(client.GET('/api/v1/access/me')),
  });
  return me.user;
}

export function draftQuery(scope: Scope) {
  return queryOptions({
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

/** My draft of a namespace with its contents; null while there is none. */
export function useMyDraft(scope: Scope) {
  return useQuery(draftQuery(scope));
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
    onSuccess: (draft) => {
      queries.setQueryData(draftKey(scope), draft);
      return queries.invalidateQueries({ queryKey: keys.store('drafts') });
    },
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
    onSuccess: () => {
      queries.setQueryData(draftKey(scope), null);
      return queries.invalidateQueries({ queryKey: keys.store('drafts') });
    },
  });
}

const publish = (id: string, body: DraftPublishBody, signal?: AbortSignal) =>
  ask(
    client.POST('/api/v1/drafts/{id}/publish', { params: { path: { id } }, body, ...(signal && { signal }) }),
  );

/** What the server says to a draft before it is published: what would change, and whatever speaks against it. */
export type Verdict = { write: WriteView; refusal?: never } | { write?: never; refusal: ProblemError };

/** The server's verdict. A refusal is an answer here, and no error. */
async function verdict(judged: Promise<WriteView>): Promise<Verdict> {
  try {
    return { write: await judged };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.passing || error.code === 'unauthenticated') throw error;
    return { refusal: error };
  }
}

/** A message where one is asked for even though nothing is written. */
const JUDGED = '-';

export function useDraftVerdict(scope: Scope, draft: DraftView | null | undefined) {
  return useQuery({
    queryKey: keys.namespace(scope, 'verdict', draft?.id, draft?.hash, draft?.head),
    queryFn: ({ signal }) => {
      const { id, hash, head } = draft as DraftView;
      return verdict(publish(id, { base: head, hash, message: JUDGED, dry_run: true }, signal));
    },
    // What moved is a conflict, whatever else there is to say.
    enabled: draft != null && draft.changes.length > 0 && !draft.changes.some((one) => one.moved),
  });
}

/** What the server says to one change that is in no draft yet. */
export function judgeChange({ env }: Scope, change: DraftChangeBody, signal: AbortSignal): Promise<Verdict> {
  const changes: ChangeBody[] = [{ ...change, env }];
  const body = { changes, message: JUDGED, dry_run: true };
  return verdict(ask(client.POST('/api/v1/publish', { body, signal })));
}

/** What the server says to a whole draft. */
export function judgeDraft({ id, hash, head }: DraftView, signal: AbortSignal): Promise<Verdict> {
  return verdict(publish(id, { base: head, hash, message: JUDGED, dry_run: true }, signal));
}

/** Publishes a draft exactly as it was shown. `onPublished` comes first: afterwards there is no draft to show. */
export function usePublishDraft(scope: Scope, onPublished: (write: WriteView) => Promise<void>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ draft, message }: { draft: DraftView; message: string }) =>
      publish(draft.id, { base: draft.head, hash: draft.hash, message }),
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
      if (present) queries.setQueryData(draftKey(scope), present);
      else void queries.invalidateQueries({ queryKey: keys.namespace(scope) });
    },
  });
}

/** The keys of a namespace that my drafts change; none of an empty namespace. */
export function useDraftKeys(scope: Scope): ReadonlySet<string> {
  const { data } = useQuery({
    queryKey: keys.namespace(scope, 'draft keys'),
    queryFn: async ({ client: queries, signal }) => {
      const query = { env: scope.env, namespace: scope.ns, owner: await ownName(queries) };
      return ask(client.GET('/api/v1/drafts', { params: { query }, signal }));
    },
    enabled: scope.ns !== '',
  });
  const changes = data?.drafts.flatMap((draft) => draft.changes) ?? [];
  return new Set(changes.filter((one) => one.namespace === scope.ns).map((one) => one.key));
}
