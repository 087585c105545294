// Takes entries over into my draft of another environment: GET entries, POST /drafts, PATCH /drafts/{id}.
import { useMutation } from '@tanstack/react-query';
import { editDraft, openDraft } from './drafts';
import { readEntry } from './entries';
import { useInvalidate } from './invalidate';
import { keys, type Scope } from './keys';
import { codeOf } from './problem';
import type { DiffEntryView } from './schema';

/** How often it is tried when the draft is edited elsewhere meanwhile. */
const TRIES = 3;

/** Puts entries as `source` has them into my draft of `target`. Left in the differences is what `target` has. */
export function usePromote(target: Scope, source: string) {
  const onSettled = useInvalidate(keys.environment(target.env), keys.store('drafts'));
  return useMutation({
    mutationFn: async (entries: DiffEntryView[]) => {
      const put = await Promise.all(entries.map((entry) => changeOf(target, source, entry)));
      for (let tried = 1; ; tried++) {
        const draft = await openDraft(target);
        try {
          await editDraft(draft.id, draft.hash, { put });
          return put.length;
        } catch (error) {
          if (codeOf(error) !== 'precondition_failed' || tried === TRIES) throw error;
        }
      }
    },
    onSettled,
  });
}

async function changeOf(target: Scope, source: string, entry: DiffEntryView) {
  const from = { env: source, ns: target.ns };
  const { format, content, content_base64 } = await readEntry(from, entry.key, {});
  return {
    namespace: target.ns,
    key: entry.key,
    op: 'put' as const,
    format,
    ...(content != null ? { content } : { content_base64: content_base64 ?? '' }),
    if_revision: entry.from_revision ?? 0,
  };
}
