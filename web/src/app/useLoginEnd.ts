// A login that ends while somebody works: to the login page, and from there back to the same page.
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { codeOf } from '../api/problem';
import { queries } from './queries';

export function useLoginEnd() {
  const router = useRouter();
  useEffect(() => {
    let leaving = false;
    // What a write found out is told where it was tried, so that nothing that was typed is lost.
    return queries.getQueryCache().subscribe((event) => {
      if (leaving || event.type !== 'updated' || event.action.type !== 'error') return;
      if (codeOf(event.action.error) !== 'unauthenticated') return;
      leaving = true;
      const next = router.state.location.href;
      queries.clear();
      const gone = router.navigate({ to: '/login', search: next === '/' ? {} : { next } });
      void gone.finally(() => {
        leaving = false;
      });
    });
  }, [router]);
}
