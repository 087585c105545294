// A login that ends while somebody works: to the login page, and from there back to the same page.
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { codeOf } from '../api/problem';
import { queries } from './queries';

export function useLoginEnd() {
  const router = useRouter();
  useEffect(
    () =>
      // What a write found out is told where it was tried, so that nothing that was typed is lost.
      queries.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated' || event.action.type !== 'error') return;
        if (codeOf(event.action.error) !== 'unauthenticated') return;
        const next = router.state.location.href;
        queries.clear();
        void router.navigate({ to: '/login', search: next === '/' ? {} : { next } });
      }),
    [router],
  );
}
