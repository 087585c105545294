// The head of a page: what it is, what one can do here, and its parts.
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useEffect } from 'react';
import styles from './Page.module.css';

interface PageProps {
  title: ReactNode;
  /** The tab's title, from the nearest to the widest; the product's name is added. */
  tab: string[];
  lead?: ReactNode;
  actions?: ReactNode;
  tabs?: ReactNode;
  children: ReactNode;
}

export function Page({ title, tab, lead, actions, tabs, children }: PageProps) {
  const name = [...tab, 'Pintle'].join(' · ');
  useEffect(() => {
    document.title = name;
  }, [name]);
  return (
    <>
      <header className={styles.head}>
        <div className={styles.title}>
          <h1>{title}</h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {tabs}
      <div className={styles.content}>{children}</div>
    </>
  );
}

/** Links between the parts of a page. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {children}
    </nav>
  );
}

export function Tab({
  children,
  current,
  ...link
}: LinkProps & {
  children: ReactNode;
  /** Whether it is shown, where its address does not tell. */
  current?: boolean;
  resetScroll?: boolean;
  replace?: boolean;
}) {
  return (
    <Link
      {...link}
      className={styles.tab}
      {...(current !== undefined && { 'aria-current': current ? ('page' as const) : undefined })}
      activeOptions={link.activeOptions ?? { exact: true, includeSearch: true, explicitUndefined: true }}
    >
      {children}
    </Link>
  );
}
