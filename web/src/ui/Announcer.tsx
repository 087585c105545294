// What screen readers are told of, though the focus is elsewhere: each once, and when nothing more urgent is being said. One region,
// there from the beginning, because one that comes with its words is often not read.
import { useEffect, useRef, useSyncExternalStore } from 'react';

/** How long words stay: long enough to be read, and gone before somebody finds them. */
const STAY_MS = 5_000;

interface Said {
  id: number;
  words: string;
}

let said: Said[] = [];
let next = 0;
const listeners = new Set<() => void>();

function set(list: Said[]) {
  said = list;
  for (const listener of listeners) listener();
}

export function say(words: string) {
  const id = next++;
  set([...said, { id, words }]);
  setTimeout(() => set(said.filter((one) => one.id !== id)), STAY_MS);
}

/** Says words when they become others. Null is something that is not worth saying, and makes nothing be said twice. */
export function useSaid(words: string | null) {
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (words === null || words === last.current) return;
    last.current = words;
    say(words);
  }, [words]);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function Announcer() {
  const list = useSyncExternalStore(subscribe, () => said);
  return (
    <div className="unseen" aria-live="polite">
      {list.map(({ id, words }) => (
        <p key={id}>{words}</p>
      ))}
    </div>
  );
}
