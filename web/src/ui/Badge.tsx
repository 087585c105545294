// A short word about a state: colour never stands alone.
import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { classes } from './classes';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'accent';

export function Badge({
  tone = 'quiet',
  icon,
  children,
}: {
  tone?: Tone;
  icon?: ReactNode;
  children: ReactNode;
}) {
  return (
    <span className={classes(styles.badge, styles[tone])}>
      {icon}
      {children}
    </span>
  );
}
