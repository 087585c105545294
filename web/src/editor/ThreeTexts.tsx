// Two edits of one text, and what they make together. What draws it is loaded when it is first needed.
import { lazy, Suspense } from 'react';
import type { Format } from '../api/schema';
import { useT } from '../i18n';
import { Skeleton } from '../ui/States';

export interface ThreeTextsProps {
  /** What both were made from; without it they cannot be put together by themselves. */
  base: string | null;
  theirs: string;
  mine: string;
  format: Format;
  /** Whose text the left one is. */
  labels: { theirs: string; mine: string };
  /** Told at every change of the merged text, and at its beginning. */
  onMerged: (text: () => string) => void;
}

const MergePane = lazy(() => import('./codemirror').then((parts) => ({ default: parts.MergePane })));

export function ThreeTexts(props: ThreeTextsProps) {
  const t = useT();
  return (
    <Suspense fallback={<Skeleton label={t.common.loading} lines={12} />}>
      <MergePane {...props} />
    </Suspense>
  );
}
