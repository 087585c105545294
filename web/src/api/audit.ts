// Who did what.
// GET /api/v1/audit
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { given } from '../lib/given';
import client, { ask, base } from './client';
import { keys } from './keys';
import type { AuditList } from './schema';

interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  env?: string | undefined;
  namespace?: string | undefined;
  target?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** One page, newest first; `before` is `next` of the page before. */
export function auditQuery(filter: AuditFilter, before: string | undefined) {
  const query = { ...given({ ...filter, before }), limit: 50 };
  return queryOptions({
    queryKey: keys.store('audit', query),
    // Only asked for by `format` it is a file.
    queryFn: async ({ signal }) =>
      (await ask(client.GET('/api/v1/audit', { params: { query }, signal }))) as AuditList,
    placeholderData: keepPreviousData,
  });
}

/** Where all rows are to be had as a file. */
export function auditFile(filter: AuditFilter, format: 'csv' | 'json'): string {
  return `${base}/api/v1/audit?${new URLSearchParams({ ...given(filter), format } as Record<string, string>)}`;
}
