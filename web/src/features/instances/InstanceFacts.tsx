// What is known of an instance.
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import type { InstanceView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Time } from '../../ui/Time';
import styles from './InstanceFacts.module.css';
import { RevisionLine } from './RevisionLine';
import { presenceTones } from './standing';

export function InstanceFacts({ instance }: { instance: InstanceView }) {
  const t = useT().instances;
  const { environment: env, runs, revision, applied_at: applied, behind } = instance;
  const current = runs ?? (revision == null ? null : { revision, message: undefined, at: undefined });
  const facts: [string, ReactNode][] = [
    [
      t.runs,
      current ? (
        <>
          <RevisionLine revision={current.revision} message={current.message} at={current.at} />
          {applied && (
            <span className={styles.quiet}>
              {t.applied} <Time at={applied} exact />
            </span>
          )}
          {behind > 0 && <Badge tone="warn">{t.behind(behind)}</Badge>}
        </>
      ) : (
        t.runsNothing
      ),
    ],
    [
      t.presence,
      <>
        <Badge tone={presenceTones[instance.presence]}>{t.presences[instance.presence]}</Badge>
        <span className={styles.quiet}>
          {t.since} <Time at={instance.presence_since} exact />
        </span>
      </>,
    ],
    [
      t.layers,
      <ol key="layers" className={styles.layers}>
        {instance.namespaces.map((ns) => (
          <li key={ns}>
            <Link to="/e/$env/n/$ns" params={{ env, ns }}>
              {ns}
            </Link>
          </li>
        ))}
      </ol>,
    ],
    [
      t.service,
      <Link key="service" to="/e/$env/instances" params={{ env }} search={{ service: instance.service }}>
        {instance.service}
      </Link>,
    ],
    [t.version, instance.version],
    [t.address, instance.address && <code key="address">{instance.address}</code>],
    [
      t.labels,
      Object.keys(instance.labels).length > 0 && (
        <span className={styles.labels}>
          {Object.entries(instance.labels).map(([name, value]) => (
            <code key={name}>
              {name}={value}
            </code>
          ))}
        </span>
      ),
    ],
    [t.agent, instance.agent],
    [t.owner, instance.owner],
  ];
  return (
    <section className={styles.panel} aria-label={t.facts}>
      <dl className={styles.facts}>
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
      </dl>
    </section>
  );
}
