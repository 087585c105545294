// What the reader has begun and not published yet.
import { Link } from '@tanstack/react-router';
import { useMyDrafts } from '../../api/drafts';
import type { EnvironmentView } from '../../api/schema';
import { useT } from '../../i18n';
import { EnvTag } from '../../ui/EnvTag';
import { Time } from '../../ui/Time';
import styles from './Drafts.module.css';

/** Keys of a draft that are named. */
const NAMED = 3;

export function Drafts({ environments }: { environments: EnvironmentView[] }) {
  const words = useT();
  const t = words.home;
  const { data: drafts = [] } = useMyDrafts();
  if (drafts.length === 0) return null;
  return (
    <section className={styles.section}>
      <h2>{t.drafts}</h2>
      <ul className={styles.list}>
        {drafts.map(({ id, env, namespace: ns, title, changes, updated_at: at }) => (
          <li key={id} className={styles.draft}>
            <EnvTag name={env} tier={environments.find((one) => one.name === env)?.tier} />
            <span className={styles.words}>
              <Link to="/e/$env/n/$ns/review" params={{ env, ns }} className={styles.name}>
                {title || ns}
              </Link>
              <span className={styles.quiet}>
                {t.changesIn(changes.length)}
                {words.common.colon}
                {changes
                  .slice(0, NAMED)
                  .map((one) => one.key)
                  .join(', ')}
                {changes.length > NAMED && ` ${t.others(changes.length - NAMED)}`}
              </span>
            </span>
            <span className={styles.quiet}>
              {t.edited} <Time at={at} />
            </span>
            <Link
              to="/e/$env/n/$ns/review"
              params={{ env, ns }}
              aria-label={`${t.review}: ${env} ${title || ns}`}
            >
              {t.review}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
