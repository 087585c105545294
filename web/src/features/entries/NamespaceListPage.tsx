// All namespaces of an environment.
import { Link, useParams } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useNamespaces } from '../../api/namespaces';
import type { NamespaceView } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { RevisionLink } from '../../app/RevisionLink';
import { useTexts } from '../../app/search';
import { useDenied, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { FilterBar, FilterText } from '../../ui/FilterBar';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Time } from '../../ui/Time';
import styles from './NamespaceListPage.module.css';
import { NewNamespaceDialog } from './NewNamespaceDialog';
import { has, more, shownOf } from './shown';

export default function NamespaceListPage() {
  const t = useT();
  const { env } = useParams({ from: '/shell/e/$env/' });
  const query = useNamespaces(env);
  const [creating, setCreating] = useState(false);
  const denied = useDenied('manage', { env });
  const create = (
    <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setCreating(true)}>
      {t.entries.namespaces.create}
    </Button>
  );
  return (
    <Page
      title={t.entries.namespaces.title}
      tab={[t.entries.namespaces.title, ...useTab(env)]}
      // A line is kept for it, so that nothing moves when it comes.
      lead={query.data ? t.entries.namespaces.count(query.data.namespaces.length) : '\u00a0'}
      actions={create}
    >
      <Loaded query={query}>
        {({ namespaces }) =>
          namespaces.length === 0 ? (
            <EmptyState title={t.entries.namespaces.empty(env)} actions={create}>
              {t.entries.namespaces.emptyHint}
            </EmptyState>
          ) : (
            <List env={env} namespaces={namespaces} />
          )
        }
      </Loaded>
      {creating && <NewNamespaceDialog env={env} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function List({ env, namespaces }: { env: string; namespaces: NamespaceView[] }) {
  const t = useT();
  const [texts, change] = useTexts();
  const filter = texts.q ?? '';
  const found = namespaces.filter((one) => has(one.name, filter) || has(one.description ?? '', filter));
  const shown = shownOf(texts);
  return (
    <>
      <FilterBar label={t.common.filter}>
        <FilterText
          label={t.entries.namespaces.filter}
          value={filter}
          onChange={(q) => change({ q, shown: undefined })}
        />
        {filter !== '' && (
          <span className={styles.count} role="status">
            {t.entries.namespaces.shown(found.length, namespaces.length)}
          </span>
        )}
      </FilterBar>
      {found.length === 0 ? (
        <EmptyState
          title={t.entries.namespaces.noMatch}
          actions={<Button onClick={() => change({ q: undefined })}>{t.entries.namespaces.clear}</Button>}
        />
      ) : (
        <Table env={env} namespaces={found.slice(0, shown)} />
      )}
      {found.length > shown && (
        <div>
          <Button onClick={() => change(more(shown))}>{t.common.more}</Button>
        </div>
      )}
    </>
  );
}

function Table({ env, namespaces }: { env: string; namespaces: NamespaceView[] }) {
  const t = useT();
  return (
    <DataTable
      label={t.entries.namespaces.title}
      rows={namespaces}
      rowKey={(row) => row.name}
      columns={[
        {
          head: t.common.name,
          cell: (row) => (
            <Link to="/e/$env/n/$ns" params={{ env, ns: row.name }} className={styles.name}>
              {row.name}
            </Link>
          ),
        },
        {
          head: t.common.description,
          cell: (row) => row.description && <span className={styles.description}>{row.description}</span>,
        },
        {
          head: t.entries.namespaces.last,
          wide: true,
          cell: ({ name, last_change: { revision, at, actor } }) => (
            <span className={styles.last}>
              <RevisionLink revision={revision} env={env} namespace={name} />
              <span className={styles.when}>
                <Time at={at} />
              </span>
              <span className={styles.message}>{actor}</span>
            </span>
          ),
        },
        { head: t.entries.namespaces.entries, number: true, cell: (row) => row.entries },
        { head: t.entries.namespaces.size, number: true, cell: (row) => t.common.bytes(row.bytes) },
      ]}
    />
  );
}
