// Who did what, from where: rows of the audit, narrowed by the address, each with what it changed.
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { auditFile, auditQuery } from '../../api/audit';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { AuditFilters } from './AuditFilters';
import styles from './AuditPage.module.css';
import { AuditTable } from './AuditTable';

export default function AuditPage() {
  const t = useT().audit;
  const { actor, action, env, namespace, target, since, until, before, open } = useSearch({ strict: false });
  const filter = { actor, action, env, namespace, target, since, until };
  const isFiltered = Object.values(filter).some((one) => one !== undefined);
  const query = useQuery(auditQuery(filter, before));
  return (
    <Page
      title={t.title}
      tab={[t.title]}
      lead={t.lead}
      actions={
        query.data && (
          <>
            <a href={auditFile(filter, 'csv')} download="audit.csv" className={styles.file}>
              <Download aria-hidden />
              {t.exportCsv}
            </a>
            <a href={auditFile(filter, 'json')} download="audit.json" className={styles.file}>
              <Download aria-hidden />
              {t.exportJson}
            </a>
          </>
        )
      }
    >
      <AuditFilters isFiltered={isFiltered} />
      <Loaded query={query}>
        {({ rows, next }) => (
          <>
            {rows.length > 0 && <AuditTable rows={rows} open={open} />}
            {rows.length === 0 && (
              <EmptyState
                title={isFiltered ? t.noneFiltered : t.none}
                actions={isFiltered && <Link to="/audit">{t.clear}</Link>}
              >
                {isFiltered && t.noneFilteredHint}
              </EmptyState>
            )}
            {(next != null || before !== undefined) && (
              <nav aria-label={t.pages} className={styles.pages}>
                {before !== undefined && (
                  <Link to="/audit" search={filter}>
                    {t.newest}
                  </Link>
                )}
                {next != null && (
                  <Link to="/audit" search={{ ...filter, before: String(next) }}>
                    {t.older}
                  </Link>
                )}
              </nav>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
