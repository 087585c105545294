// How the server is: GET /readyz.
import { queryOptions } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

export const askReady = (signal?: AbortSignal) => ask(client.GET('/readyz', { ...(signal && { signal }) }));

export const readyQuery = queryOptions({
  queryKey: keys.ready,
  queryFn: ({ signal }) => askReady(signal),
  refetchInterval: 30_000,
});
