// The entries of a namespace: GET /environments/{env}/namespaces/{ns}/entries.
import { queryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { keys, type Scope } from './keys';
import type { EntryView } from './schema';

const PAGE = 1_000;
const FIRST = 50;

interface Page {
  content: boolean;
  limit: number;
  cursor?: string | undefined;
}

function page({ env, ns }: Scope, query: Page, signal?: AbortSignal) {
  return ask(
    client.GET('/api/v1/environments/{env}/namespaces/{ns}/entries', {
      params: {
        path: { env, ns },
        query: given(query),
      },
      ...(signal && { signal }),
    }),
  );
}

/** Entries without their contents, by key, page by page. */
export function useEntryList(scope: Scope) {
  return useInfiniteQuery({
    queryKey: keys.namespace(scope, 'entries'),
    queryFn: ({ pageParam, signal }) =>
      page(scope, { content: false, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    select: ({ pages }) => pages.flatMap(({ entries }) => entries),
  });
}

/** The first few of them. */
export function firstEntriesQuery(scope: Scope) {
  return queryOptions({
    queryKey: keys.namespace(scope, 'entries', 'first'),
    queryFn: ({ signal }) => page(scope, { content: false, limit: FIRST }, signal),
    enabled: scope.ns !== '',
  });
}

/** All entries with what may be seen of their contents. */
export async function readEntries(scope: Scope): Promise<EntryView[]> {
  const all: EntryView[] = [];
  let cursor: string | undefined;
  do {
    const { entries, next } = await page(scope, { content: true, limit: PAGE, cursor });
    all.push(...entries);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return all;
}
