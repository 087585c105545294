// The last changes of the namespaces of an instance, and what became of each of them here.
import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lastChangesQuery } from '../../api/revisions';
import type { InstanceView, RevisionView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { type Column, DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import styles from './InstanceChanges.module.css';
import { RevisionLine } from './RevisionLine';
import { type Outcome, outcomeOf } from './standing';

const LAST = 10;
/** The layers that are looked at, from the last one: each costs a call. */
const LAYERS = 6;

const tones: Record<Outcome, Tone> = {
  runs: 'good',
  includes: 'quiet',
  rejected: 'bad',
  waiting: 'warn',
  unknown: 'quiet',
};

export function InstanceChanges({ instance }: { instance: InstanceView }) {
  const t = useT();
  const words = t.instances;
  const env = instance.environment;
  const layers = instance.namespaces.slice(-LAYERS);
  const lists = useQueries({ queries: layers.map((ns) => lastChangesQuery(env, ns, LAST)) });
  const all = new Map<number, RevisionView>();
  for (const list of lists) for (const one of list.data?.revisions ?? []) all.set(one.revision, one);
  const rows = [...all.values()].sort((a, b) => b.revision - a.revision).slice(0, LAST);
  if (lists.some((list) => list.isPending)) return null;
  const columns: Column<RevisionView>[] = [
    {
      head: words.change,
      cell: ({ revision, message }) => (
        <RevisionLine revision={revision} message={message || t.kinds.publish} />
      ),
    },
    {
      head: t.common.namespace,
      cell: ({ changes }) =>
        [...new Set(changes.filter((one) => one.env === env).map((one) => one.namespace))]
          .filter((ns): ns is string => ns != null && layers.includes(ns))
          .map((ns) => (
            <Link key={ns} to="/e/$env/n/$ns/history" params={{ env, ns }} className={styles.namespace}>
              {ns}
            </Link>
          )),
    },
    { head: t.common.author, cell: ({ actor }) => actor },
    { head: t.common.time, cell: ({ at }) => <Time at={at} /> },
    {
      head: words.outcome,
      cell: ({ revision }) => {
        const outcome = outcomeOf(revision, instance);
        return <Badge tone={tones[outcome]}>{words.outcomes[outcome]}</Badge>;
      },
    },
  ];
  return (
    <section className={styles.changes}>
      <h2>{words.changes}</h2>
      {rows.length === 0 ? (
        <p>{words.noChanges}</p>
      ) : (
        <DataTable
          label={words.changes}
          columns={columns}
          rows={rows}
          rowKey={(one) => String(one.revision)}
        />
      )}
    </section>
  );
}
