// One entry as it is live, or was at a revision: read first, edit second.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { History, Pencil, RotateCcw, Server } from 'lucide-react';
import { changeOf, useMyDraft } from '../../api/drafts';
import { useEntry } from '../../api/entries';
import type { Scope } from '../../api/keys';
import { Loaded } from '../../app/Loaded';
import { useDenied, useTab } from '../../app/session';
import { useKey } from '../../app/shortcuts';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { ButtonLink } from '../../ui/ButtonLink';
import { Page } from '../../ui/Page';
import { EntryContent } from './EntryContent';
import { EntryMissing } from './EntryMissing';

export default function EntryPage() {
  const { env = '', ns = '', _splat: key = '' } = useParams({ strict: false });
  const { at } = useSearch({ strict: false });
  // Another entry or another version is another page: nothing of the one before stays, least of all plaintext.
  return <EntryAt key={`${env}/${ns}/${key}@${at ?? ''}`} scope={{ env, ns }} name={key} at={at} />;
}

function EntryAt({ scope, name, at }: { scope: Scope; name: string; at: string | undefined }) {
  const t = useT();
  const navigate = useNavigate();
  const query = useEntry(scope, name, at);
  const denied = useDenied('draft', { ...scope, key: name });
  const deniedRollback = useDenied('rollback', { ...scope, key: name });
  const params = { ...scope, _splat: name };
  const there = query.data != null;
  useKey('e', () => void navigate({ to: '/e/$env/n/$ns/edit/$', params }), there && !denied);

  const actions = there && (
    <>
      <ButtonLink
        kind="primary"
        icon={<Pencil aria-hidden />}
        to="/e/$env/n/$ns/edit/$"
        params={params}
        denied={denied}
        aria-keyshortcuts="e"
      >
        {t.common.edit}
      </ButtonLink>
      <ButtonLink
        icon={<History aria-hidden />}
        to="/e/$env/n/$ns/history"
        params={scope}
        search={{ key: name }}
      >
        {t.entries.entry.history}
      </ButtonLink>
      <ButtonLink
        icon={<RotateCcw aria-hidden />}
        to="/e/$env/n/$ns/rollback"
        params={scope}
        search={{ key: name }}
        denied={deniedRollback}
      >
        {t.entries.entry.rollback}
      </ButtonLink>
      <ButtonLink
        icon={<Server aria-hidden />}
        to="/e/$env/instances"
        params={{ env: scope.env }}
        search={{ namespace: scope.ns }}
      >
        {t.entries.entry.instances}
      </ButtonLink>
    </>
  );

  return (
    <Page title={name} tab={[name, ...useTab(scope.env, scope.ns)]} actions={actions}>
      {at === undefined ? <Drafted scope={scope} name={name} /> : <Old scope={scope} name={name} at={at} />}
      <Loaded query={query}>
        {(entry) =>
          entry ? (
            <EntryContent scope={scope} entry={entry} at={at} />
          ) : (
            <EntryMissing scope={scope} name={name} at={at} />
          )
        }
      </Loaded>
    </Page>
  );
}

/** A draft of mine is not what is live. */
function Drafted({ scope, name }: { scope: Scope; name: string }) {
  const t = useT();
  const { data: draft } = useMyDraft(scope);
  const change = changeOf(draft, scope.ns, name);
  if (!change) return null;
  return (
    <Banner
      tone="accent"
      title={change.op === 'delete' ? t.entries.entry.draftedDelete : t.entries.entry.drafted}
      actions={
        <>
          <ButtonLink small to="/e/$env/n/$ns/edit/$" params={{ ...scope, _splat: name }}>
            {t.entries.entry.toDraft}
          </ButtonLink>
          <ButtonLink small to="/e/$env/n/$ns/review" params={scope}>
            {t.entries.entry.review}
          </ButtonLink>
        </>
      }
    />
  );
}

/** What is shown is not live, unless nothing changed since. */
function Old({ scope, name, at }: { scope: Scope; name: string; at: string }) {
  const t = useT();
  const { data: then } = useEntry(scope, name, at);
  const { data: now } = useEntry(scope, name);
  const denied = useDenied('rollback', { ...scope, key: name });
  const number = /^\d+$/.test(at) ? t.common.revisionNumber(Number(at)) : at;
  const isLive = then != null && now != null && then.revision === now.revision;
  return (
    <Banner
      tone={isLive ? 'quiet' : 'warn'}
      title={
        isLive ? `${number}${t.common.colon}${t.entries.entry.isLive}` : t.entries.entry.old(number, name)
      }
      actions={
        <>
          <Link to="/e/$env/n/$ns/k/$" params={{ ...scope, _splat: name }} search={{}}>
            {t.entries.entry.toLive}
          </Link>
          {!isLive && then && (
            <ButtonLink
              small
              to="/e/$env/n/$ns/rollback"
              params={scope}
              search={{ key: name, to: String(then.revision) }}
              denied={denied}
            >
              {t.entries.entry.restore}
            </ButtonLink>
          )}
        </>
      }
    />
  );
}
