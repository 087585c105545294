// One of the first steps: what it is for, and whether it is done.
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import { classes } from '../../ui/classes';
import styles from './Step.module.css';

export function Step({
  title,
  hint,
  isDone,
  children,
}: {
  title: string;
  hint: string;
  isDone: boolean;
  children: ReactNode;
}) {
  const t = useT().welcome;
  return (
    <li className={classes(styles.step, isDone && styles.done)}>
      <div className={styles.head}>
        <h2>{title}</h2>
        {isDone && (
          <span className={styles.mark}>
            <Check aria-hidden />
            {t.done}
          </span>
        )}
      </div>
      <p className={styles.hint}>{hint}</p>
      {children}
    </li>
  );
}
