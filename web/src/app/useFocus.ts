// Where the keyboard is after a page has changed: in what is new, and not at the beginning of the frame.
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/** A page that changed gets the focus. Within a page it is only fetched back when what had it is gone. */
export function useFocus() {
  const now = useRouterState({ select: (state) => state.resolvedLocation?.href });
  const before = useRef(now);
  useEffect(() => {
    const last = before.current;
    before.current = now;
    // What is opened first has the focus where the browser puts it.
    if (last === undefined || now === undefined || last === now) return;
    const main = document.getElementById('main');
    const active = document.activeElement;
    const isLost = active === null || active === document.body;
    // Fields that took the focus as they came keep it, and so does what lies above the page.
    const isKept = main?.contains(active) || active?.closest('dialog, [popover]') != null;
    if (isLost || (!isKept && pathOf(last) !== pathOf(now))) main?.focus({ preventScroll: true });
  }, [now]);
}

const pathOf = (href: string) => href.split(/[?#]/, 1)[0];
