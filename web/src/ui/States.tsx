// What stands where there is nothing to show: not yet, nothing at all, or an error.
import { type ReactNode, useEffect, useState } from 'react';
import styles from './States.module.css';

/** Grey lines, only when it takes long enough to be noticed. */
export function Skeleton({ label, lines = 4 }: { label: string; lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={label} className={styles.skeleton} data-loading>
      {shown && Array.from({ length: lines }, (_, nth) => <span key={String(nth)} className={styles.bone} />)}
    </div>
  );
}

/** Nothing here, and what to do next. `alone` where it is the whole page. */
export function EmptyState({
  title,
  alone,
  children,
  actions,
}: {
  title: string;
  alone?: boolean;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  const Heading = alone ? 'h1' : 'h2';
  return (
    <div className={styles.empty}>
      <Heading>{title}</Heading>
      {children && <div className={styles.words}>{children}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
