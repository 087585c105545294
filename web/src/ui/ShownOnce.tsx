// A secret that is shown this one time: its text to copy, below a clear word.
import type { ReactNode } from 'react';
import { Banner } from './Banner';
import { CopyButton } from './CopyButton';
import styles from './ShownOnce.module.css';

export function ShownOnce({ warning, text }: { warning: ReactNode; text: string }) {
  return (
    <>
      <Banner tone="warn" title={warning} />
      <div className={styles.secret}>
        <code className={styles.text}>{text}</code>
        <CopyButton text={text} />
      </div>
    </>
  );
}
