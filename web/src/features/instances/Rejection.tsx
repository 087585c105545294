// Why an instance refused a change, with what its commands printed, and the ways out.
import { Link } from '@tanstack/react-router';
import type { InstanceView } from '../../api/schema';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Time } from '../../ui/Time';
import styles from './Rejection.module.css';

export function Rejection({ rejected }: { rejected: NonNullable<InstanceView['rejected']> }) {
  const words = useT();
  const t = words.instances;
  const { revision, reason, output, broken, at } = rejected;
  return (
    <Banner
      tone="bad"
      title={t.rejectedRevision(words.common.revisionNumber(revision))}
      actions={
        <Link to="/r/$revision" params={{ revision: String(revision) }}>
          {t.see}
        </Link>
      }
    >
      <div className={styles.words}>
        <p>
          {reason ?? t.noReason} · <Time at={at} />
        </p>
        {broken && <p className={styles.broken}>{t.brokenBanner}</p>}
        {output && (
          <figure aria-label={t.output}>
            <figcaption>{t.output}</figcaption>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
            <pre className={styles.output} tabIndex={0}>
              {output}
            </pre>
          </figure>
        )}
      </div>
    </Banner>
  );
}
