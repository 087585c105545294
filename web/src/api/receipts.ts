// Who runs a revision: GET /revisions/{rev}/receipts.
import { useQuery } from '@tanstack/react-query';
import client, { ask } from './client';
import { keys } from './keys';

/** Asked again by itself, and more often while instances are on their way. */
export function useReceipts(revision: number) {
  return useQuery({
    queryKey: keys.store('revisions', revision, 'receipts'),
    queryFn: ({ signal }) =>
      ask(client.GET('/api/v1/revisions/{rev}/receipts', { params: { path: { rev: revision } }, signal })),
    refetchInterval: ({ state }) => ((state.data?.pending ?? 1) > 0 ? 2_000 : 10_000),
  });
}
