// Who runs what in an environment, as it changes.
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { type InstanceFilter, instancesQuery } from '../../api/instances';
import { Loaded } from '../../app/Loaded';
import { useEnvironment, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { EnvTag } from '../../ui/EnvTag';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { InstanceBars } from './InstanceBars';
import { InstanceFilters } from './InstanceFilters';
import { InstanceTable } from './InstanceTable';
import { Pages } from './Pages';

/** Few enough that the page stays small, many enough to read. */
const PAGE = 50;

export default function InstanceListPage() {
  const t = useT().instances;
  const { env = '' } = useParams({ strict: false });
  const { namespace, service, state, revision, cursor } = useSearch({ strict: false });
  const environment = useEnvironment(env);
  const filter: InstanceFilter = { namespace, service, state, runs: revision, cursor };
  const query = useQuery(instancesQuery(env, filter, PAGE));
  const isFiltered = Boolean(namespace || service || state || revision || cursor);
  return (
    <Page
      title={t.title}
      tab={[t.title, ...useTab(env)]}
      lead={
        <>
          <EnvTag name={env} tier={environment?.tier} />
          {t.lead}
        </>
      }
    >
      <InstanceFilters env={env} isFiltered={isFiltered} summary={query.data?.summary} />
      <Loaded query={query}>
        {({ instances, next, summary }) => (
          <>
            {summary && <InstanceBars env={env} summary={summary} />}
            {summary && summary.total > 0 && <h2>{t.count(summary.total)}</h2>}
            {instances.length > 0 && <InstanceTable env={env} rows={instances} />}
            {instances.length === 0 && isFiltered && (
              <EmptyState
                title={t.noneFiltered}
                actions={
                  <Link to="/e/$env/instances" params={{ env }}>
                    {t.clear}
                  </Link>
                }
              >
                {t.noneFilteredHint}
              </EmptyState>
            )}
            {instances.length === 0 && !isFiltered && (
              <EmptyState title={t.empty} actions={<Link to="/welcome">{t.firstSteps}</Link>}>
                {t.emptyHint}
              </EmptyState>
            )}
            <Pages env={env} next={next} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
