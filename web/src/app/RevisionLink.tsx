// The number of a revision, as the way to it. The history it was found in stays in the address, so that one can go on there.
import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import styles from './RevisionLink.module.css';

interface RevisionLinkProps {
  revision: number;
  /** The history it stands in. */
  env?: string | undefined;
  namespace?: string | undefined;
  /** The key of the history, when it is that of one entry. */
  entry?: string | undefined;
}

export function RevisionLink({ revision, env, namespace, entry }: RevisionLinkProps) {
  const t = useT();
  return (
    <Link
      to="/r/$revision"
      params={{ revision: String(revision) }}
      search={{ env, namespace, key: entry }}
      className={styles.link}
    >
      {t.common.revisionNumber(revision)}
    </Link>
  );
}
