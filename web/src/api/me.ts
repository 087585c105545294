// Who is here: GET /access/me, and no more: DELETE /session.
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

export const logOut = () => ask(client.DELETE('/api/v1/session'));
