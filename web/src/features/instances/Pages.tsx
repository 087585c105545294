// The ways to the next page of instances, and back to the first.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useKey } from '../../app/shortcuts';
import { useT } from '../../i18n';
import styles from './Pages.module.css';

export function Pages({ env, next }: { env: string; next: string | null | undefined }) {
  const t = useT().instances;
  const { namespace, service, state, revision, cursor } = useSearch({ strict: false });
  const navigate = useNavigate();
  const first = useRef<HTMLAnchorElement>(null);
  const isLast = next == null;
  // The last page takes the way on from under the keyboard; the way back is left.
  const onwards = useRef(false);
  useEffect(() => {
    if (isLast && onwards.current && document.activeElement === document.body) first.current?.focus();
    onwards.current = !isLast;
  }, [isLast]);
  const filter = { namespace, service, state, revision };
  const onward = {
    to: '/e/$env/instances' as const,
    params: { env },
    search: { ...filter, cursor: next ?? '' },
  };
  // Behind the links of a whole page of rows the way on is far to reach.
  useKey('n', () => void navigate(onward), !isLast);
  if (isLast && !cursor) return null;
  return (
    <nav className={styles.pages} aria-label={t.nextPage}>
      {cursor && (
        <Link ref={first} to="/e/$env/instances" params={{ env }} search={filter}>
          {t.firstPage}
        </Link>
      )}
      {!isLast && (
        <Link {...onward} aria-keyshortcuts="n">
          {t.nextPage}
        </Link>
      )}
    </nav>
  );
}
