// One revision: who, when and why, what changed, who runs it, and the ways back.
import { useParams } from '@tanstack/react-router';
import { useRevision } from '../../api/revisions';
import type { RevisionView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { useTexts } from '../../app/search';
import { useProduction, useTab } from '../../app/session';
import { useShows } from '../../app/shownPlaces';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Page } from '../../ui/Page';
import { Neighbours } from './Neighbours';
import { contextOf, environmentsOf } from './places';
import { Receipts } from './Receipts';
import { RevisionActions } from './RevisionActions';
import { RevisionChanges } from './RevisionChanges';
import { RevisionFacts } from './RevisionFacts';

export default function RevisionPage() {
  const t = useT();
  const { revision } = useParams({ from: '/shell/r/$revision' });
  const number = Number(revision);
  const query = useRevision(number);
  const name = t.common.revisionNumber(number);
  return query.data ? (
    <Found key={revision} revision={query.data} />
  ) : (
    <Page title={name} tab={[name]}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  );
}

function Found({ revision }: { revision: RevisionView }) {
  const t = useT();
  const [texts] = useTexts();
  const context = contextOf(revision, texts);
  const name = t.common.revisionNumber(revision.revision);
  const environments = environmentsOf(revision);
  useShows(environments);
  const production = useProduction(environments).map((one) => `⚠ ${one.name} (${t.tiers.prod})`);
  const place = useTab(context.env ?? '', context.namespace);
  return (
    <Page
      title={revision.message === '' ? name : `${name} · ${revision.message}`}
      tab={[name, ...(context.env === undefined ? production : place)]}
      lead={<RevisionFacts revision={revision} />}
      actions={
        <RevisionActions
          revision={revision}
          env={context.env}
          namespace={context.namespace}
          entry={context.key}
        />
      }
      tabs={
        context.env !== undefined && (
          <Neighbours revision={revision} context={{ ...context, env: context.env }} />
        )
      }
    >
      {revision.compacted && <Banner tone="quiet">{t.history.revision.compacted}</Banner>}
      <Receipts revision={revision.revision} />
      <RevisionChanges revision={revision} />
    </Page>
  );
}
