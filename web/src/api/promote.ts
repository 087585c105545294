// Takes entries over into my draft of another environment: GET entries, POST /drafts, PATCH /drafts/{id}.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import { codeOf } from './problem';
import type { DiffEntryView, EntryView } from './schema';

/** How often it is tried when the draft is edited elsewhere meanwhile. */
const TRIES = 3;

/** Puts entries as `source` has them into my draft of `target`. Left in the differences is what `target` has. */
export function usePromote(target: Scope, source: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (entries: DiffEntryView[]) => {
      const put = await Promise.all(entries.map((entry) => changeOf(target, source, entry)));
      for (let tried = 1; ; tried++) {
        const draft = await ask(
          client.POST('/api/v1/drafts', { body: { env: target.env, namespace: target.ns } }),
        );
        try {
          await ask(
            client.PATCH('/api/v1/drafts/{id}', {
              params: { path: { id: draft.id }, header: { 'If-Match': `"${draft.hash}"` } },
              body: { put },
            }),
          );
          return put.length;
        } catch (error) {
          if (codeOf(error) !== 'precondition_failed' || tried === TRIES) throw error;
        }
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.environment(target.env) }),
  });
}

async function changeOf(target: Scope, source: string, entry: DiffEntryView) {
  const { format, content, content_base64 } = (await ask(
    client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries/{key}', {
      params: { path: { env: source, ns: target.ns, key: entry.key } },
    }),
  )) as EntryView;
  return {
    namespace: target.ns,
    key: entry.key,
    op: 'put' as const,
    format,
    ...(content != null ? { content } : { content_base64: content_base64 ?? '' }),
    if_revision: entry.from_revision ?? 0,
  };
}
