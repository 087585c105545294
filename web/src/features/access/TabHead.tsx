// The head of a tab: what it is about, and what one can make here.
import type { ReactNode } from 'react';
import styles from './TabHead.module.css';

export function TabHead({ lead, actions }: { lead: ReactNode; actions?: ReactNode }) {
  return (
    <div className={styles.head}>
      <p className={styles.lead}>{lead}</p>
      {actions}
    </div>
  );
}
