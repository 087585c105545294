// Search over keys and contents of what the caller may read.
// GET /api/v1/search
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask } from './client';
import { keys } from './keys';
import type { Format } from './schema';

export interface CharRange {
  start_char: number;
  end_char: number;
}

export interface FoundLine {
  line: number;
  snippet: string;
  column: number;
  cut?: boolean;
  ranges: CharRange[];
}

export interface Hit {
  environment: string;
  namespace: string;
  key: string;
  format: Format;
  revision: number;
  sealed?: boolean;
  in: ('key' | 'content')[];
  key_ranges?: CharRange[];
  matches: number;
  lines?: FoundLine[];
}

export interface HitList {
  hits: Hit[];
  next?: string | null;
  complete: boolean;
}

export interface SearchFilter {
  q: string;
  env?: string | undefined;
  namespace?: string | undefined;
  in?: string | undefined;
}

async function find(filter: SearchFilter, limit: number, cursor: string | undefined, signal: AbortSignal) {
  const query = { ...given({ ...filter, cursor }), limit };
  const get = client.GET as unknown as (
    path: string,
    options: object,
  ) => Promise<{ data?: HitList; error?: unknown; response: Response }>;
  return ask<HitList>(get('/api/v1/search', { params: { query }, signal }));
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
