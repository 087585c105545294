// What happened to an environment or a namespace, newest first.
import { useParams } from '@tanstack/react-router';
import { useNamespace } from '../../api/namespaces';
import { NamespaceTabs } from '../../app/NamespaceTabs';
import { useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Page } from '../../ui/Page';
import { Timeline } from './Timeline';

export default function HistoryPage() {
  const { env, ns } = useParams({ strict: false });
  if (env === undefined) return null;
  return ns === undefined ? (
    <OfEnvironment key={env} env={env} />
  ) : (
    <OfNamespace key={`${env}/${ns}`} env={env} ns={ns} />
  );
}

function OfEnvironment({ env }: { env: string }) {
  const t = useT();
  return (
    <Page title={t.history.of(env)} tab={[t.history.title, ...useTab(env)]}>
      <Timeline env={env} />
    </Page>
  );
}

function OfNamespace({ env, ns }: { env: string; ns: string }) {
  const t = useT();
  // One that was deleted keeps its history: it is the way to bring it back.
  const gone = useNamespace({ env, ns }).data === null;
  return (
    <Page title={ns} tab={[t.history.title, ...useTab(env, ns)]} tabs={<NamespaceTabs env={env} ns={ns} />}>
      {gone && (
        <Banner tone="warn" title={t.entries.missing.title(ns, env)}>
          {t.history.gone}
        </Banner>
      )}
      <Timeline env={env} namespace={ns} />
    </Page>
  );
}
