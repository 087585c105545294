// Whether two texts stand side by side: one choice for all comparisons, kept in the browser.
import { useSyncExternalStore } from 'react';

type Layout = 'split' | 'unified';

const NAME = 'pintle-diff';
/** Below it two columns have no room. */
const ROOM = window.matchMedia('(min-width: 900px)');
const listeners = new Set<() => void>();

function chosen(): Layout {
  return localStorage.getItem(NAME) === 'split' ? 'split' : 'unified';
}

export function toggleLayout() {
  localStorage.setItem(NAME, chosen() === 'split' ? 'unified' : 'split');
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  ROOM.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    ROOM.removeEventListener('change', listener);
  };
}

/** The layout, and whether there is a choice. */
export function useLayout(): { layout: Layout; choice: boolean } {
  const choice = useSyncExternalStore(subscribe, () => ROOM.matches);
  const layout = useSyncExternalStore(subscribe, chosen);
  return { layout: choice ? layout : 'unified', choice };
}
