// What changed lately in all environments, each with the way to its diff and back.
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Undo2 } from 'lucide-react';
import { changesSinceQuery } from '../../api/revisions';
import type { EnvironmentView, RevisionView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { EnvTag } from '../../ui/EnvTag';
import { Tab, Tabs } from '../../ui/Page';
import { Time } from '../../ui/Time';
import styles from './Changes.module.css';
import { environmentsOf, placeOf, touched } from './environment';

const periods = { hour: 3_600, day: 86_400, week: 7 * 86_400 };
type Period = keyof typeof periods;

/** Names of what a change touched that are shown. */
const NAMES = 2;

function usePeriod(): Period {
  const { since } = useSearch({ strict: false });
  return since !== undefined && since in periods ? (since as Period) : 'day';
}

/** The changes of the period that the address names. */
export function useChanges() {
  const period = usePeriod();
  return useQuery(changesSinceQuery(period, periods[period]));
}

export function Changes({ environments }: { environments: EnvironmentView[] }) {
  const t = useT().home;
  const period = usePeriod();
  const query = useChanges();
  return (
    <section className={styles.section}>
      <h2>{t.changes}</h2>
      <Tabs label={t.period}>
        {(Object.keys(periods) as Period[]).map((one) => (
          <Tab key={one} to="/" search={one === 'day' ? {} : { since: one }}>
            {t.periods[one]}
          </Tab>
        ))}
      </Tabs>
      <Loaded query={query}>
        {({ revisions, next }) =>
          revisions.length === 0 ? (
            <p className={styles.none}>{t.noChanges[period]}</p>
          ) : (
            <>
              <ol className={styles.list}>
                {revisions.map((one) => (
                  <Change key={one.revision} revision={one} environments={environments} />
                ))}
              </ol>
              {next != null && <p className={styles.none}>{t.newest(revisions.length)}</p>}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Change({
  revision: one,
  environments,
}: {
  revision: RevisionView;
  environments: EnvironmentView[];
}) {
  const t = useT();
  const { revision, message, actor, at, kind } = one;
  const place = placeOf(one);
  const { names, others } = touched(one, NAMES);
  return (
    <li className={styles.change}>
      <span className={styles.tags}>
        {environmentsOf(one).map((env) => (
          <EnvTag key={env} name={env} tier={environments.find((known) => known.name === env)?.tier} />
        ))}
      </span>
      <span className={styles.words}>
        <Link to="/r/$revision" params={{ revision: String(revision) }} className={styles.message}>
          <span className={styles.number}>{t.common.revisionNumber(revision)}</span>{' '}
          {message || t.home.noMessage}
        </Link>
        {kind !== 'publish' && <Badge>{t.kinds[kind]}</Badge>}
        <span className={styles.what}>
          {names.join(', ')} {others > 0 && t.home.others(others)}
        </span>
      </span>
      <span className={styles.who}>
        {actor} · <Time at={at} />
      </span>
      <span className={styles.back}>
        {place && (
          <Link
            to="/e/$env/n/$ns/rollback"
            params={place}
            search={{ revert: String(revision) }}
            aria-label={t.home.rollBackOf(t.common.revisionNumber(revision))}
            title={t.home.rollBackOf(t.common.revisionNumber(revision))}
          >
            <Undo2 aria-hidden />
            {t.home.rollBack}
          </Link>
        )}
      </span>
    </li>
  );
}
