// Environments that a page shows though its address is not one of theirs, such as both sides of a comparison. The frame says which of
// them is production, and what is shown of them is kept fresh.
import { useLayoutEffect, useSyncExternalStore } from 'react';

const NONE: readonly string[] = [];

let shown = NONE;
const listeners = new Set<() => void>();

function set(environments: readonly string[]) {
  shown = environments;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Says which environments this page shows, as long as it is there. */
export function useShows(environments: (string | null | undefined)[]) {
  const names = [...new Set(environments.filter(Boolean))].join(' ');
  useLayoutEffect(() => {
    set(names === '' ? NONE : names.split(' '));
    return () => set(NONE);
  }, [names]);
}

/** The environments that the page in the frame said it shows. */
export function useShown(): readonly string[] {
  return useSyncExternalStore(subscribe, () => shown);
}
