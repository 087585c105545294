// To which revision: the last ones of the namespace, each as a link.
import { Link } from '@tanstack/react-router';
import type { Scope } from '../../api/keys';
import { useRevisions } from '../../api/revisions';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { DataTable } from '../../ui/DataTable';
import { EmptyState } from '../../ui/States';
import { Time } from '../../ui/Time';
import { KindBadge } from './KindBadge';
import styles from './RollbackPage.module.css';

export function ChooseTarget({ scope, entry }: { scope: Scope; entry: string | undefined }) {
  const t = useT();
  const words = t.history.rollback;
  const query = useRevisions({ env: scope.env, namespace: scope.ns, key: entry });
  return (
    <section className={styles.part} aria-labelledby="choose">
      <h2 id="choose">{words.chooseTitle}</h2>
      <p className={styles.quiet}>{entry === undefined ? words.chooseHint : words.onlyKey(entry)}</p>
      <Loaded query={query}>
        {(revisions) =>
          revisions.length === 0 ? (
            <EmptyState title={t.history.empty} />
          ) : (
            <DataTable
              label={words.chooseTitle}
              rows={revisions}
              rowKey={(row) => String(row.revision)}
              columns={[
                {
                  head: t.common.revision,
                  cell: (row) => (
                    <Link to="." search={{ to: String(row.revision), key: entry }} className={styles.number}>
                      {t.common.revisionNumber(row.revision)}
                    </Link>
                  ),
                },
                { head: t.history.kind, cell: (row) => <KindBadge kind={row.kind} /> },
                { head: t.common.message, wide: true, cell: (row) => row.message },
                { head: t.common.time, cell: (row) => <Time at={row.at} /> },
                { head: t.common.author, cell: (row) => row.actor },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}
