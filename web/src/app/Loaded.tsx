// What a query brought, or what stands in its place.
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useT } from '../i18n';
import { Skeleton } from '../ui/States';
import { ErrorView } from './ErrorView';

export function Loaded<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  const t = useT();
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorView error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton label={t.common.loading} />;
}
