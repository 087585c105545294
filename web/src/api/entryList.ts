// The entries of a namespace: GET /environments/{env}/namespaces/{ns}/entries.
import { useInfiniteQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import type { EntryView } from './schema';

const PAGE = 1000;

function page({ env, ns }: Scope, content: boolean, cursor: string | undefined, signal?: AbortSignal) {
  return ask(
    client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries', {
      params: {
        path: { env, ns },
        query: { content, limit: PAGE, ...(cursor !== undefined && { cursor }) },
      },
      ...(signal && { signal }),
    }),
  );
}

/** Entries without their contents, by key, page by page. */
export function useEntryList(scope: Scope) {
  return useInfiniteQuery({
    queryKey: keys.namespace(scope, 'entries'),
    queryFn: ({ pageParam, signal }) => page(scope, false, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    select: ({ pages }) => pages.flatMap(({ entries }) => entries),
  });
}

/** All entries with what may be seen of their contents. */
export async function readEntries(scope: Scope): Promise<EntryView[]> {
  const all: EntryView[] = [];
  let cursor: string | undefined;
  do {
    const { entries, next } = await page(scope, true, cursor);
    all.push(...entries);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return all;
}
