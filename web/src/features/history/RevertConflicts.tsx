// What was changed after the revision that was to be undone.
import { Link } from '@tanstack/react-router';
import type { RevertConflictView } from '../../api/schema';
import { RevisionLink } from '../../app/RevisionLink';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { DataTable } from '../../ui/DataTable';

export function RevertConflicts({ revert, conflicts }: { revert: number; conflicts: RevertConflictView[] }) {
  const t = useT();
  const words = t.history.rollback;
  return (
    <>
      <Banner tone="bad" title={words.conflicts}>
        {words.conflictsHint(t.common.revisionNumber(revert))}
      </Banner>
      <DataTable
        label={words.conflicts}
        rows={conflicts}
        rowKey={(row) => row.item}
        columns={[
          { head: t.common.key, wide: true, cell: (row) => <Item item={row.item} /> },
          {
            head: words.now,
            cell: (row) => (row.current === 0 ? words.conflictGone : <RevisionLink revision={row.current} />),
          },
          {
            head: t.common.actions,
            bare: true,
            cell: (row) => <Back item={row.item} revert={revert} />,
          },
        ]}
      />
    </>
  );
}

/** `env/namespace/key`, or `env/namespace`. */
function parts(item: string) {
  const [env = '', ns = '', ...key] = item.split('/');
  return { env, ns, key: key.join('/') };
}

function Item({ item }: { item: string }) {
  const { env, ns, key } = parts(item);
  return key === '' ? (
    <Link to="/e/$env/n/$ns" params={{ env, ns }}>
      {item}
    </Link>
  ) : (
    <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }}>
      {item}
    </Link>
  );
}

/** The other way: to what it was before that revision, whatever came later. */
function Back({ item, revert }: { item: string; revert: number }) {
  const t = useT();
  const { env, ns, key } = parts(item);
  return (
    <Link
      to="/e/$env/n/$ns/rollback"
      params={{ env, ns }}
      search={{ to: String(revert - 1), key: key === '' ? undefined : key }}
    >
      {t.history.rollback.before(t.common.revisionNumber(revert))}
    </Link>
  );
}
