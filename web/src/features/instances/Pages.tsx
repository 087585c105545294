// The ways to the next page of instances, and back to the first.
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useT } from '../../i18n';
import styles from './Pages.module.css';

export function Pages({ env, next }: { env: string; next: string | null | undefined }) {
  const t = useT().instances;
  const { namespace, service, state, revision, cursor } = useSearch({ strict: false });
  const first = useRef<HTMLAnchorElement>(null);
  const isLast = next == null;
  // The last page takes the way on from under the keyboard; the way back is left.
  const onwards = useRef(false);
  useEffect(() => {
    if (isLast && onwards.current && document.activeElement === document.body) first.current?.focus();
    onwards.current = !isLast;
  }, [isLast]);
  if (isLast && !cursor) return null;
  const filter = { namespace, service, state, revision };
  return (
    <nav className={styles.pages} aria-label={t.nextPage}>
      {cursor && (
        <Link ref={first} to="/e/$env/instances" params={{ env }} search={filter}>
          {t.firstPage}
        </Link>
      )}
      {next != null && (
        <Link to="/e/$env/instances" params={{ env }} search={{ ...filter, cursor: next }}>
          {t.nextPage}
        </Link>
      )}
    </nav>
  );
}
