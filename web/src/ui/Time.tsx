// An instant: how long ago, and on pointing at it when exactly. All of them move on together.
import { useSyncExternalStore } from 'react';
import { useLanguage } from '../i18n';
import { ago, full } from '../lib/time';

/** An instant that lies no further in the future is now. */
const AHEAD_MS = 60_000;

const listeners = new Set<() => void>();
let latest = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    latest = Date.now();
    for (const one of listeners) one();
  }, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

export function Time({ at, exact }: { at: string; exact?: boolean }) {
  const { language } = useLanguage();
  const ticked = useSyncExternalStore(subscribe, () => latest);
  const date = new Date(at);
  const whole = full(date, language);
  // What just happened may lie before the last tick, or come from a clock that is a little ahead.
  const ahead = date.getTime() - ticked;
  const now = new Date(ahead > 0 && ahead < AHEAD_MS ? date.getTime() : ticked);
  return (
    <time dateTime={at} title={whole}>
      {exact ? whole : ago(date, now, language)}
    </time>
  );
}
