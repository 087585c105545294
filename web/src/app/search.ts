// The texts in the query of the address: filters, tabs, pages and selections stand there and nowhere else.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export type Texts = Record<string, string | undefined>;

/** The texts, and a way to change some of them in place. Empty ones go. */
export function useTexts(): [Texts, (changes: Texts) => void] {
  const texts = useSearch({ strict: false }) as Texts;
  const navigate = useNavigate();
  const change = useCallback(
    (changes: Texts) =>
      void navigate({
        to: '.',
        search: (before: Texts) => ({ ...before, ...changes }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return [texts, change];
}
