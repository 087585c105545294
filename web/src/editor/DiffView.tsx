// Two texts and what differs between them. What draws it is loaded when it is first needed.
import { lazy, Suspense } from 'react';
import type { Format } from '../api/schema';
import { useT } from '../i18n';
import { Skeleton } from '../ui/States';

export interface DiffViewProps {
  /** What was; empty where there was nothing. */
  left: string;
  /** What is, or would be; empty where there is nothing any more. */
  right: string;
  format: Format;
  /** What the two are called, for everybody to see. */
  labels: { left: string; right: string };
}

const DiffPane = lazy(() => import('./codemirror').then((parts) => ({ default: parts.DiffPane })));

export function DiffView(props: DiffViewProps) {
  const t = useT();
  return (
    <Suspense fallback={<Skeleton label={t.common.loading} />}>
      <DiffPane {...props} />
    </Suspense>
  );
}
