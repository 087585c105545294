// What needs the reader now: instances that are not well, what changed lately, and the ways to everything.
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMyDrafts } from '../../api/drafts';
import { environmentsQuery } from '../../api/environments';
import { instancesQuery } from '../../api/instances';
import { namespacesQuery } from '../../api/namespaces';
import type { EnvironmentView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Page } from '../../ui/Page';
import { EmptyState, Skeleton } from '../../ui/States';
import { Attention } from './Attention';
import { Changes, useChanges } from './Changes';
import { Drafts } from './Drafts';
import { EnvironmentCards } from './EnvironmentCards';
import { byImportance } from './environment';

export default function HomePage() {
  const t = useT();
  const query = useQuery(environmentsQuery);
  return (
    <Page title={t.home.title} tab={[t.home.title]}>
      <Loaded query={query}>
        {(environments) =>
          environments.length === 0 ? (
            <EmptyState title={t.home.emptyTitle} actions={<Link to="/welcome">{t.home.firstSteps}</Link>}>
              {t.home.emptyHint}
            </EmptyState>
          ) : (
            <Overview environments={byImportance(environments)} />
          )
        }
      </Loaded>
    </Page>
  );
}

/** No stream tells of all environments at once. */
const EVERY_MS = 10_000;
/** Refusals that are looked at: enough to tell which changes are refused, and why. */
const REFUSALS = 50;

function Overview({ environments }: { environments: EnvironmentView[] }) {
  const words = useT();
  const t = words.home;
  const namespaces = useQueries({ queries: environments.map(({ name }) => namespacesQuery(name)) });
  const instances = useQueries({
    queries: environments.map(({ name }) => ({
      ...instancesQuery(name, { state: 'rejected' }, REFUSALS),
      refetchInterval: EVERY_MS,
    })),
  });
  const drafts = useMyDrafts();
  const changes = useChanges();
  // All of it comes at once: parts that come one by one would push what is being read.
  const isWaiting = [drafts, changes, ...namespaces, ...instances].some((one) => one.isPending);
  const [wasThere, setThere] = useState(false);
  if (!isWaiting && !wasThere) setThere(true);
  if (!wasThere) return <Skeleton label={words.common.loading} lines={8} />;
  const all = environments.map((environment, nth) => ({
    environment,
    namespaces: namespaces[nth]?.data?.namespaces,
    instances: instances[nth]?.data,
  }));
  const isFresh =
    namespaces.every((one) => one.isSuccess) &&
    all.every((one) => one.namespaces?.every((ns) => ns.entries === 0));
  return (
    <>
      {isFresh && (
        <Banner title={t.nothingPublished} actions={<Link to="/welcome">{t.firstSteps}</Link>}>
          {t.emptyHint}
        </Banner>
      )}
      <Drafts environments={environments} />
      <Attention all={all} />
      <Changes environments={environments} />
      <EnvironmentCards all={all} />
    </>
  );
}
