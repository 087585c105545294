// What narrows a list, in a row above it, with what came of it.
import { Search } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import styles from './FilterBar.module.css';

export function FilterBar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label={label}>
      {children}
    </search>
  );
}

/** How long somebody types before it is taken into the address. */
const PAUSE_MS = 150;

/** A text to look for. It is kept elsewhere; here only what is being typed. */
export function FilterText({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [kept, setKept] = useState(value);
  if (kept !== value) {
    setKept(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <label className={styles.text}>
      <span className="unseen">{label}</span>
      <Search aria-hidden />
      <input
        type="search"
        value={typed}
        placeholder={label}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
