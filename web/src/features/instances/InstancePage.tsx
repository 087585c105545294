// Everything about one instance: what it runs, since when, and what became of the changes of its namespaces.
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { instanceQuery } from '../../api/instances';
import type { InstanceView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { useEnvironment, useTab } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { full } from '../../lib/time';
import { Banner } from '../../ui/Banner';
import { EnvTag } from '../../ui/EnvTag';
import { Page } from '../../ui/Page';
import { AtForm } from './AtForm';
import { ForgetButton } from './ForgetButton';
import { InstanceChanges } from './InstanceChanges';
import { InstanceFacts } from './InstanceFacts';
import styles from './InstancePage.module.css';
import { Rejection } from './Rejection';
import { StandingBadges } from './StandingBadges';

export default function InstancePage() {
  const words = useT();
  const t = words.instances;
  const { language } = useLanguage();
  const { env = '', instance: id = '' } = useParams({ strict: false });
  const { at } = useSearch({ strict: false });
  const environment = useEnvironment(env);
  const query = useQuery(instanceQuery(env, id, at));
  const instance = query.data;
  // What is neither a revision nor an instant is refused by the server, in its words.
  const when = (said: string) => {
    if (/^\d+$/.test(said)) return words.common.revisionNumber(Number(said));
    return Number.isNaN(Date.parse(said)) ? said : full(new Date(said), language);
  };
  return (
    <Page
      title={id}
      tab={[id, t.title, ...useTab(env)]}
      lead={
        <>
          <EnvTag name={env} tier={environment?.tier} />
          {instance && <StandingBadges instance={instance} />}
          <Link to="/e/$env/instances" params={{ env }}>
            {t.title}
          </Link>
        </>
      }
      actions={instance && instance.presence !== 'gone' && !at && <ForgetButton instance={instance} />}
    >
      {at && (
        <Banner
          title={t.asAt(when(at))}
          actions={
            <Link to="/e/$env/instances/$instance" params={{ env, instance: id }}>
              {t.now}
            </Link>
          }
        >
          {t.asAtHint}
        </Banner>
      )}
      <Loaded query={query}>{(one) => <Details instance={one} />}</Loaded>
      <AtForm env={env} id={id} at={at} />
    </Page>
  );
}

function Details({ instance }: { instance: InstanceView }) {
  const t = useT().instances;
  const missing = instance.missing ?? [];
  return (
    <>
      {instance.presence === 'gone' && <Banner tone="quiet">{t.goneHint}</Banner>}
      {instance.rejected && <Rejection rejected={instance.rejected} />}
      {missing.length > 0 && (
        <Banner tone="warn" title={t.missingTitle}>
          <ul className={styles.missing}>
            {missing.map((entry) => {
              const [ns = '', ...key] = entry.split('/');
              return (
                <li key={entry}>
                  <Link
                    to="/e/$env/n/$ns/k/$"
                    params={{ env: instance.environment, ns, _splat: key.join('/') }}
                  >
                    {entry}
                  </Link>
                </li>
              );
            })}
          </ul>
        </Banner>
      )}
      <InstanceFacts instance={instance} />
      <InstanceChanges instance={instance} />
    </>
  );
}
