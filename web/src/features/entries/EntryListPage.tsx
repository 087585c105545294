// The entries of a namespace.
import { Link, useParams } from '@tanstack/react-router';
import { Download, Plus } from 'lucide-react';
import { useState } from 'react';
import { useDraftKeys } from '../../api/drafts';
import { readEntries, useEntryList } from '../../api/entryList';
import type { Scope } from '../../api/keys';
import type { EntryView, NamespaceView } from '../../api/schema';
import { inWords } from '../../app/ErrorView';
import { Loaded } from '../../app/Loaded';
import { NamespaceGate } from '../../app/NamespaceGate';
import { NamespaceTabs } from '../../app/NamespaceTabs';
import { useTexts } from '../../app/search';
import { useDenied, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import { FilterBar, FilterText } from '../../ui/FilterBar';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { tell } from '../../ui/Toast';
import styles from './EntryListPage.module.css';
import { EntryTable } from './EntryTable';
import { NewEntryDialog } from './NewEntryDialog';
import { has, more, shownOf } from './shown';

export default function EntryListPage() {
  const t = useT();
  const scope = useParams({ from: '/shell/e/$env/n/$ns/' });
  const { env, ns } = scope;
  const drafted = useDraftKeys(scope);
  const [creating, setCreating] = useState(false);
  const denied = useDenied('draft', scope);
  const create = (
    <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setCreating(true)}>
      {t.entries.list.create}
    </Button>
  );
  return (
    <Page
      title={ns}
      tab={[t.entries.title, ...useTab(env, ns)]}
      tabs={<NamespaceTabs {...scope} />}
      actions={
        <>
          {drafted.size > 0 && (
            <ButtonLink to="/e/$env/n/$ns/review" params={scope}>
              {t.entries.list.review(drafted.size)}
            </ButtonLink>
          )}
          <Export {...scope} />
          {create}
        </>
      }
    >
      <NamespaceGate scope={scope}>
        {(namespace) =>
          namespace.entries === 0 ? (
            <EmptyState title={t.entries.list.empty} actions={create}>
              {t.entries.list.emptyHint}
            </EmptyState>
          ) : (
            <List scope={scope} namespace={namespace} drafted={drafted} />
          )
        }
      </NamespaceGate>
      {creating && <NewEntryDialog scope={scope} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function List({
  scope,
  namespace,
  drafted,
}: {
  scope: Scope;
  namespace: NamespaceView;
  drafted: ReadonlySet<string>;
}) {
  const t = useT();
  const [texts, change] = useTexts();
  const query = useEntryList(scope);
  const filter = texts.q ?? '';
  const shown = shownOf(texts);
  const next = (
    <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      {t.entries.list.rest}
    </Button>
  );
  return (
    <>
      {namespace.description && <p className={styles.description}>{namespace.description}</p>}
      <FilterBar label={t.common.filter}>
        <FilterText
          label={t.entries.list.filter}
          value={filter}
          onChange={(q) => change({ q, shown: undefined })}
        />
        <span className={styles.count}>
          {t.common.entries(namespace.entries)} · {t.common.bytes(namespace.bytes)}
        </span>
      </FilterBar>
      <Loaded query={query}>
        {(entries) => {
          const found = entries.filter((one) => has(one.key, filter));
          const fresh = query.hasNextPage ? [] : unpublished(drafted, entries);
          return (
            <>
              {fresh.length > 0 && <Fresh scope={scope} names={fresh} />}
              {found.length === 0 ? (
                <EmptyState
                  title={t.entries.list.noMatch}
                  actions={
                    <Button onClick={() => change({ q: undefined })}>{t.entries.namespaces.clear}</Button>
                  }
                />
              ) : (
                <EntryTable scope={scope} entries={found.slice(0, shown)} drafted={drafted} />
              )}
              {found.length > shown ? (
                <div>
                  <Button onClick={() => change(more(shown))}>{t.common.more}</Button>
                </div>
              ) : (
                query.hasNextPage && (
                  <div className={styles.rest}>
                    {filter !== '' && <span>{t.entries.list.partly(entries.length)}</span>}
                    {next}
                  </div>
                )
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** What my draft adds. */
function unpublished(drafted: ReadonlySet<string>, entries: EntryView[]): string[] {
  const there = new Set(entries.map((one) => one.key));
  return [...drafted].filter((key) => !there.has(key)).toSorted();
}

function Fresh({ scope, names }: { scope: Scope; names: string[] }) {
  const t = useT();
  return (
    <p className={styles.fresh}>
      {t.entries.list.fresh}
      {names.map((key) => (
        <Link key={key} to="/e/$env/n/$ns/edit/$" params={{ ...scope, _splat: key }}>
          {key}
        </Link>
      ))}
    </p>
  );
}

/** Gives all entries as one file. What is secret stays masked in it. */
function Export(scope: Scope) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const text = JSON.stringify({ entries: await readEntries(scope) }, null, 2);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
      link.download = `${scope.env}-${scope.ns}.json`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      tell(inWords(error, t), 'bad');
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      icon={<Download aria-hidden />}
      busy={busy}
      denied={useDenied('read', scope)}
      onClick={() => void save()}
    >
      {busy ? t.entries.list.exporting : t.entries.list.export}
    </Button>
  );
}
