// A revision as people know it: its number, its message and its time. Never how far it is from another one.
import { RevisionLink } from '../../app/RevisionLink';
import { Time } from '../../ui/Time';
import styles from './RevisionLine.module.css';

export function RevisionLine({
  revision,
  message,
  at,
}: {
  revision: number;
  message?: string | undefined;
  at?: string | null | undefined;
}) {
  return (
    <span className={styles.line}>
      <RevisionLink revision={revision} />
      {message && <span className={styles.message}>{message}</span>}
      {at && (
        <span className={styles.time}>
          <Time at={at} />
        </span>
      )}
    </span>
  );
}
