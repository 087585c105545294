// What the server says before anything is published: POST /drafts/{id}/publish and POST /publish with `dry_run`.
import { useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import { ProblemError } from './problem';
import type { ChangeBody, DraftChangeBody, DraftPublishBody, DraftView, WriteView } from './schema';

/** Publishes a draft, or with `dry_run` judges it. */
export const publishDraft = (id: string, body: DraftPublishBody, signal?: AbortSignal) =>
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
    queryFn: ({ signal }) => judgeDraft(draft as DraftView, signal),
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
  return verdict(publishDraft(id, { base: head, hash, message: JUDGED, dry_run: true }, signal));
}
