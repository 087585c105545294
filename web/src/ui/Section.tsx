// A part of a page under a heading of its own.
import { type ReactNode, useId } from 'react';
import styles from './Section.module.css';

export function Section({
  title,
  lead,
  actions,
  panel,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** On a ground of its own: for fields and words, not for tables, which have one. */
  panel?: boolean;
  children: ReactNode;
}) {
  const heading = useId();
  return (
    <section className={styles.section} aria-labelledby={heading}>
      <div className={styles.head}>
        <h2 id={heading}>{title}</h2>
        {actions}
      </div>
      {lead && <p className={styles.lead}>{lead}</p>}
      {panel ? <div className={styles.panel}>{children}</div> : children}
    </section>
  );
}
