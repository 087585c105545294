// What narrows a list, in a row above it, with what came of it.
import { Search } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { useTyped } from '../lib/useTyped';
import { TextField } from './Field';
import styles from './FilterBar.module.css';

export function FilterBar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label={label}>
      {children}
    </search>
  );
}

/** How long nobody types before it is taken into the address. */
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
  const [typed, setTyped] = useTyped(value, PAUSE_MS, onChange);
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

/** The same as a field with a label. */
export function FilterField({
  value,
  onChange,
  ...rest
}: Omit<ComponentProps<typeof TextField>, 'value' | 'onChange'> & {
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useTyped(value, PAUSE_MS, onChange);
  return <TextField {...rest} value={typed} onChange={(event) => setTyped(event.target.value)} />;
}
