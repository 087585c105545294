// Something that must not be missed, above what it is about.
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Tone } from './Badge';
import styles from './Banner.module.css';
import { classes } from './classes';

const icons = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, quiet: Info, accent: Info };

interface BannerProps {
  tone?: Tone;
  title?: ReactNode;
  /** What one can do about it. */
  actions?: ReactNode;
  /** It stands where what comes is said anyway. */
  said?: boolean;
  children?: ReactNode;
}

export function Banner({ tone = 'accent', title, actions, said, children }: BannerProps) {
  const Icon = icons[tone];
  return (
    <div
      className={classes(styles.banner, styles[tone])}
      role={said ? undefined : tone === 'bad' ? 'alert' : 'status'}
    >
      <Icon aria-hidden className={styles.icon} />
      <div className={styles.words}>
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
