// A text that is kept elsewhere, such as in the address, and what is being typed of it here.
import { useEffect, useRef, useState } from 'react';

/** What is typed is told after a pause. What comes from elsewhere takes its place, but not the echo of what was told. */
export function useTyped(
  value: string,
  pause: number,
  tell: (value: string) => void,
): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const latest = useRef(tell);
  latest.current = tell;
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      latest.current(typed);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed, pause]);
  return [typed, setTyped];
}
