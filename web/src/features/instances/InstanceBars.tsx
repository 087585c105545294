// What all instances of the filter come to: by state, and by the change that they run. Each part is a link to itself alone.
import { useSearch } from '@tanstack/react-router';
import type { InstanceSummaryView } from '../../api/schema';
import { useT } from '../../i18n';
import { type Part, StackedBar } from '../../ui/StackedBar';
import styles from './InstanceBars.module.css';
import { conditionTones, presenceTones } from './standing';

/** Changes that get a part of their own. */
const PARTS = 6;

export function InstanceBars({ env, summary }: { env: string; summary: InstanceSummaryView }) {
  const t = useT();
  const words = t.instances;
  const { namespace, service, state, revision } = useSearch({ strict: false });
  const to = (part: Record<string, string | undefined>) => ({
    to: '/e/$env/instances' as const,
    params: { env },
    search: { namespace, service, state, revision, ...part },
  });
  const conditions = Object.keys(conditionTones) as (keyof typeof conditionTones)[];
  const byState: Part[] = conditions.map((one) => ({
    label: words.conditions[one],
    count: summary.states[one] ?? 0,
    tone: conditionTones[one],
    current: state === one,
    link: to({ state: state === one ? undefined : one }),
  }));
  const byPresence: Part[] = (Object.keys(presenceTones) as (keyof typeof presenceTones)[]).map((one) => ({
    label: words.presences[one],
    count: summary.presences[one] ?? 0,
    tone: presenceTones[one],
    current: state === one,
    link: to({ state: state === one ? undefined : one }),
  }));
  const known = summary.runs.filter((one) => one.runs);
  const unreported = summary.runs.filter((one) => !one.runs).reduce((sum, one) => sum + one.instances, 0);
  const rest = known.slice(PARTS).reduce((sum, one) => sum + one.instances, summary.older);
  const byRevision: Part[] = [
    ...known.slice(0, PARTS).map(({ runs, instances }, nth): Part => {
      const number = String(runs?.revision);
      return {
        label: t.common.revisionNumber(runs?.revision ?? 0),
        title: runs?.message ?? '',
        count: instances,
        tone: 'accent',
        fade: Math.min(nth, 4),
        current: revision === number,
        link: to({ revision: revision === number ? undefined : number }),
      };
    }),
    { label: words.older, count: rest, tone: 'quiet' },
    { label: words.unreported, count: unreported, tone: 'quiet', fade: 2 },
  ];
  return (
    <div className={styles.bars}>
      <section className={styles.bar}>
        <h2>{words.byState}</h2>
        <StackedBar label={words.byState} parts={byState} />
      </section>
      <section className={styles.bar}>
        <h2>{words.presence}</h2>
        <StackedBar label={words.presence} parts={byPresence} />
      </section>
      <section className={styles.bar}>
        <h2>{words.byRevision}</h2>
        <StackedBar label={words.byRevision} parts={byRevision} />
      </section>
    </div>
  );
}
