// Screen readers say the title of a page that the browser loads. Of the pages that follow it they are told here.
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { say } from '../ui/Announcer';

/** A page that was opened has its title by then. */
const TITLE_MS = 400;

export function useSaidPages() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const said = useRef(path);
  useEffect(() => {
    if (said.current === path) return;
    const first = said.current === undefined;
    said.current = path;
    if (first) return;
    const timer = setTimeout(() => say(document.title), TITLE_MS);
    return () => clearTimeout(timer);
  }, [path]);
}
