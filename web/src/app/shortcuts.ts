// The one table of keys. Single letters do nothing while somebody types, and can be turned off.
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useDestinations } from './Nav';

const OFF = 'pintle-shortcuts-off';

/** Whether single letters work. */
export function lettersWork(): boolean {
  return localStorage.getItem(OFF) === null;
}

export function letLettersWork(work: boolean) {
  if (work) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, '1');
}

/** Whether a key is being typed into something, or something else has taken it. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return (
    event.defaultPrevented ||
    event.isComposing ||
    target?.closest(
      'input, textarea, select, [contenteditable]:not([contenteditable="false"]), dialog, [popover]',
    ) != null
  );
}

/** After `g`: the letter of each page. */
const pageLetters: Record<string, string> = {
  h: '/',
  c: '/e/$env',
  i: '/e/$env/instances',
  t: '/e/$env/history',
  a: '/audit',
};

/** All keys, as the help shows them: which page they belong to, what is pressed, and the name of what that does. */
export const shortcuts = [
  { group: 'everywhere', keys: [['mod', 'K']], does: 'palette' },
  { group: 'everywhere', keys: [['/']], does: 'search' },
  { group: 'everywhere', keys: [['?']], does: 'help' },
  { group: 'everywhere', keys: [['g'], ['h']], does: 'home' },
  { group: 'everywhere', keys: [['g'], ['c']], does: 'configs' },
  { group: 'everywhere', keys: [['g'], ['i']], does: 'instances' },
  { group: 'everywhere', keys: [['g'], ['t']], does: 'history' },
  { group: 'everywhere', keys: [['g'], ['a']], does: 'audit' },
  { group: 'everywhere', keys: [['Esc']], does: 'close' },
  { group: 'entry', keys: [['e']], does: 'edit' },
  { group: 'diff', keys: [['n']], does: 'next' },
  { group: 'diff', keys: [['p']], does: 'previous' },
  { group: 'diff', keys: [['[']], does: 'older' },
  { group: 'diff', keys: [[']']], does: 'newer' },
  { group: 'diff', keys: [['d']], does: 'split' },
  { group: 'instances', keys: [['n']], does: 'nextPage' },
  { group: 'editor', keys: [['mod', 'S']], does: 'save' },
  { group: 'editor', keys: [['mod', 'Enter']], does: 'review' },
  { group: 'editor', keys: [['Esc'], ['Tab']], does: 'leave' },
] as const;

/** Keys that work on every page. */
export function useShortcuts(open: (what: 'palette' | 'help') => void) {
  const navigate = useNavigate();
  const destinations = useDestinations();
  const state = useRef({ open, destinations });
  state.current = { open, destinations };
  useEffect(() => {
    let gone = 0;
    const press = (event: KeyboardEvent) => {
      if (
        (event.ctrlKey || event.metaKey) &&
        !event.altKey &&
        !event.shiftKey &&
        event.key.toLowerCase() === 'k'
      ) {
        event.preventDefault();
        return state.current.open('palette');
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || !lettersWork()) return;
      if (event.key === '?') return state.current.open('help');
      if (event.key === '/') {
        event.preventDefault();
        return void navigate({ to: '/search' });
      }
      if (event.key === 'g') {
        gone = event.timeStamp;
        return;
      }
      const to = event.timeStamp - gone < 1_500 ? pageLetters[event.key] : undefined;
      gone = 0;
      const found = state.current.destinations.find((one) => one.link.to === to);
      if (to !== undefined && found) void navigate(found.link);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [navigate]);
}

/** A key of one page: a letter, or `mod+Enter` and the like. */
export function useKey(key: string, act: () => void, enabled = true) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!enabled) return;
    const press = (event: KeyboardEvent) => {
      const mod = key.startsWith('mod+');
      if (mod !== (event.ctrlKey || event.metaKey) || event.altKey) return;
      if (event.key.toLowerCase() !== key.replace('mod+', '').toLowerCase()) return;
      if (mod ? event.defaultPrevented : isTyping(event) || !lettersWork()) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [key, enabled]);
}
