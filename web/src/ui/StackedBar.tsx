// Parts of a whole as one bar, with the same parts as text below it.
import type { Tone } from './Badge';
import { classes } from './classes';
import styles from './StackedBar.module.css';

export interface Part {
  label: string;
  count: number;
  tone: Tone;
}

export function StackedBar({ label, parts }: { label: string; parts: Part[] }) {
  const shown = parts.filter((part) => part.count > 0);
  return (
    <figure className={styles.figure} aria-label={label}>
      <div className={styles.bar} aria-hidden>
        {shown.map((part) => (
          <span
            key={part.label}
            className={classes(styles.part, styles[part.tone])}
            style={{ flexGrow: part.count }}
          />
        ))}
      </div>
      <figcaption className={styles.legend}>
        {shown.map((part) => (
          <span key={part.label}>
            <span className={classes(styles.dot, styles[part.tone])} aria-hidden />
            {part.label} <strong>{part.count}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
