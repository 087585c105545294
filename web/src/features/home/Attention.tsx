// The instances that are not well, by environment.
import { Link } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { EnvTag } from '../../ui/EnvTag';
import styles from './Attention.module.css';
import { type Known, refusalsOf } from './environment';

const WORST: { state: 'rejected' | 'broken' | 'unhealthy' | 'late'; tone: Tone }[] = [
  { state: 'broken', tone: 'bad' },
  { state: 'rejected', tone: 'bad' },
  { state: 'unhealthy', tone: 'bad' },
  { state: 'late', tone: 'warn' },
];

/** Refused changes that are named. */
const SHOWN = 3;

export function Attention({ all }: { all: Known[] }) {
  const words = useT();
  const t = words.home;
  const count = (known: Known, state: (typeof WORST)[number]['state']) => {
    const summary = known.instances?.summary;
    if (state === 'rejected') return summary?.states.rejected ?? 0;
    if (state === 'late') return summary?.presences.late ?? 0;
    return summary?.[state] ?? 0;
  };
  const unwell = all.filter((known) => WORST.some(({ state }) => count(known, state) > 0));
  return (
    <section className={styles.section}>
      <h2>{t.attention}</h2>
      {unwell.length === 0 && <p className={styles.well}>{t.allWell}</p>}
      {unwell.length > 0 && (
        <ul className={styles.list}>
          {unwell.map((known) => {
            const { name: env, tier } = known.environment;
            const refusals = refusalsOf(known.instances?.instances ?? []);
            return (
              <li key={env} className={styles.environment}>
                <div className={styles.counts}>
                  <EnvTag name={env} tier={tier} />
                  {WORST.map(
                    ({ state, tone }) =>
                      count(known, state) > 0 && (
                        <Link
                          key={state}
                          to="/e/$env/instances"
                          params={{ env }}
                          search={{ state }}
                          className={styles.count}
                        >
                          <Badge tone={tone}>
                            {count(known, state)} {t[state]}
                          </Badge>
                        </Link>
                      ),
                  )}
                </div>
                {refusals.length > 0 && (
                  <ul className={styles.refusals}>
                    {refusals.slice(0, SHOWN).map(({ revision, reason, ids: [first = '', ...others] }) => (
                      <li key={`${revision} ${reason}`}>
                        <Link to="/r/$revision" params={{ revision: String(revision) }}>
                          {t.refused(words.common.revisionNumber(revision))}
                        </Link>{' '}
                        {reason ?? t.noReason} ·{' '}
                        <Link to="/e/$env/instances/$instance" params={{ env, instance: first }}>
                          {first}
                        </Link>{' '}
                        {others.length > 0 && (
                          <Link to="/e/$env/instances" params={{ env }} search={{ state: 'rejected' }}>
                            {t.more(others.length)}
                          </Link>
                        )}
                      </li>
                    ))}
                  </ul>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
