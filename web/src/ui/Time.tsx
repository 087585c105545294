// An instant: how long ago, and on pointing at it when exactly. All of them move on together.
import { useSyncExternalStore } from 'react';
import { useLanguage } from '../i18n';
import { ago, full } from '../lib/time';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
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
  const ticked = useSyncExternalStore(subscribe, () => now);
  const date = new Date(at);
  const whole = full(date, language);
  return (
    <time dateTime={at} title={whole}>
      {exact ? whole : ago(date, new Date(Math.max(ticked, date.getTime())), language)}
    </time>
  );
}
