// The environments, each with its namespaces and its instances.
import { Link } from '@tanstack/react-router';
import { Snowflake } from 'lucide-react';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { EnvTag } from '../../ui/EnvTag';
import styles from './EnvironmentCards.module.css';
import type { Known } from './environment';

/** Namespaces that are named; the rest is behind a link. */
const NAMED = 8;

export function EnvironmentCards({ all }: { all: Known[] }) {
  const t = useT();
  return (
    <section className={styles.section}>
      <h2>{t.home.environments}</h2>
      <ul className={styles.cards}>
        {all.map(({ environment: { name: env, tier, description, frozen }, namespaces, instances }) => {
          const { live = 0, late = 0 } = instances?.summary?.presences ?? {};
          return (
            <li key={env} className={styles.card} data-tier={tier ?? 'none'}>
              <div className={styles.head}>
                <Link to="/e/$env" params={{ env }} className={styles.name}>
                  <EnvTag name={env} tier={tier} large />
                </Link>
                {tier && tier !== 'prod' && <span className={styles.quiet}>{t.tiers[tier]}</span>}
                {frozen && (
                  <span title={frozen.reason}>
                    <Badge tone="warn" icon={<Snowflake aria-hidden />}>
                      {t.home.frozen}
                    </Badge>
                  </span>
                )}
              </div>
              {description && <p className={styles.quiet}>{description}</p>}
              <p className={styles.links}>
                {namespaces && (
                  <Link to="/e/$env" params={{ env }}>
                    {t.home.namespaces(namespaces.length)}
                  </Link>
                )}
                <Link to="/e/$env/instances" params={{ env }}>
                  {t.home.instances(live + late)}
                </Link>
                <Link to="/e/$env/history" params={{ env }}>
                  {t.home.history}
                </Link>
              </p>
              {namespaces && namespaces.length > 0 && (
                <ul className={styles.namespaces}>
                  {namespaces.slice(0, NAMED).map(({ name }) => (
                    <li key={name}>
                      <Link to="/e/$env/n/$ns" params={{ env, ns: name }}>
                        {name}
                      </Link>
                    </li>
                  ))}
                  {namespaces.length > NAMED && (
                    <li>
                      <Link to="/e/$env" params={{ env }}>
                        {t.home.more(namespaces.length - NAMED)}
                      </Link>
                    </li>
                  )}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
