// Parts of a whole as one bar, with the same parts as text below it.
import { Link, type LinkProps } from '@tanstack/react-router';
import type { Tone } from './Badge';
import { classes } from './classes';
import styles from './StackedBar.module.css';

export interface Part {
  label: string;
  count: number;
  tone: Tone;
  /** How pale it is, where several parts have one tone: 0 to 4. */
  fade?: number;
  /** What the label is short for. */
  title?: string;
  /** Where the part is shown alone. */
  link?: LinkProps;
  /** Whether it is shown alone. */
  current?: boolean;
}

export function StackedBar({ label, parts }: { label: string; parts: Part[] }) {
  const shown = parts.filter((part) => part.count > 0 || part.current);
  return (
    <figure className={styles.figure} aria-label={label}>
      <div className={styles.bar} aria-hidden>
        {shown.map((part) => (
          <span
            key={part.label}
            className={classes(styles.part, styles[part.tone])}
            style={{ flexGrow: part.count, opacity: 1 - (part.fade ?? 0) * 0.19 }}
          />
        ))}
      </div>
      <figcaption className={styles.legend}>
        {shown.map(({ label: name, count, tone, fade = 0, title, link, current }) => {
          const words = (
            <>
              <span
                className={classes(styles.dot, styles[tone])}
                style={{ opacity: 1 - fade * 0.19 }}
                aria-hidden
              />
              {name} <strong>{count}</strong>
            </>
          );
          return link ? (
            <Link
              key={name}
              {...link}
              title={title}
              className={classes(styles.choice, current && styles.current)}
              aria-current={current ? 'true' : undefined}
            >
              {words}
            </Link>
          ) : (
            <span key={name} title={title}>
              {words}
            </span>
          );
        })}
      </figcaption>
    </figure>
  );
}
