// Reads again what a change made old.
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { keys } from './keys';

export function useInvalidate(...old: QueryKey[]) {
  const queries = useQueryClient();
  return () => Promise.all(old.map((queryKey) => queries.invalidateQueries({ queryKey })));
}

/** What users and groups are shown in, and what one may do as a member of one. */
export const usePeopleChanged = () =>
  useInvalidate(
    keys.store('users'),
    keys.store('groups'),
    keys.store('grants'),
    keys.store('explain'),
    keys.me,
  );
