// Search over keys and contents of what the caller may read.
// GET /api/v1/search
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { keys } from './keys';

interface SearchFilter {
  q: string;
  env?: string | undefined;
  namespace?: string | undefined;
  in?: string | undefined;
}

function find(
  { env, namespace, ...rest }: SearchFilter,
  limit: number,
  cursor?: string,
  signal?: AbortSignal,
) {
  const names = { env: env ? [env] : undefined, namespace: namespace ? [namespace] : undefined };
  const query = { q: rest.q, ...given({ ...names, in: rest.in, cursor }), limit };
  return ask(client.GET('/api/v1/search', { params: { query }, ...(signal && { signal }) }));
}

/** Page after page. */
export function searchQuery(filter: SearchFilter) {
  return infiniteQueryOptions({
    queryKey: keys.store('search', filter),
    queryFn: ({ pageParam, signal }) => find(filter, 25, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: filter.q !== '',
  });
}

/** The first few entries whose keys have a text. */
export function keySearchQuery(q: string, limit: number) {
  return queryOptions({
    queryKey: keys.store('search', 'keys', q),
    queryFn: ({ signal }) => find({ q, in: 'keys' }, limit, undefined, signal),
    enabled: q !== '',
  });
}
