// A revision as people know it: its number, its message and its time. Never how far it is from another one.
import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import { Time } from '../ui/Time';
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
  const t = useT();
  return (
    <span className={styles.line}>
      <Link to="/r/$revision" params={{ revision: String(revision) }} className={styles.number}>
        {t.common.revisionNumber(revision)}
      </Link>
      {message && <span className={styles.message}>{message}</span>}
      {at && (
        <span className={styles.time}>
          <Time at={at} />
        </span>
      )}
    </span>
  );
}
