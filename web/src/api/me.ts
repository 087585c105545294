// Who is here: GET /access/me.
import { queryOptions } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

/** The caller with what it may do. */
export const askMe = (signal?: AbortSignal) =>
  ask(client.GET('/api/v1/access/me', { ...(signal && { signal }) }));

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => askMe(signal),
  staleTime: 30_000,
});
