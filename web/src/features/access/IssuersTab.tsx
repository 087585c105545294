// Whose tokens stand for services here.
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useDeleteIssuer, useIssuers } from '../../api/issuers';
import type { IssuerView } from '../../api/schema';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { EmptyState } from '../../ui/States';
import { tell } from '../../ui/Toast';
import { IssuerDialog } from './IssuerDialog';
import { toLines } from './pairs';
import styles from './Tab.module.css';
import { TabHead } from './TabHead';

export function IssuersTab() {
  const t = useT();
  const denied = useDenied('administer');
  const issuers = useIssuers();
  const remove = useDeleteIssuer();
  const [edited, setEdited] = useState<IssuerView | 'new' | null>(null);
  const [deleted, setDeleted] = useState<string | null>(null);
  return (
    <>
      <TabHead
        lead={t.access.issuers.lead}
        actions={
          <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setEdited('new')}>
            {t.access.issuers.add}
          </Button>
        }
      />
      <Loaded query={issuers}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title={t.access.issuers.none}>{t.access.issuers.noneHint}</EmptyState>
          ) : (
            <DataTable
              label={t.access.tabs.issuers}
              rows={list}
              rowKey={(issuer) => issuer.name}
              columns={[
                { head: t.common.name, cell: (issuer) => <strong>{issuer.name}</strong> },
                { head: t.access.issuers.issuer, cell: (issuer) => <code>{issuer.issuer}</code> },
                { head: t.access.issuers.audience, cell: (issuer) => <code>{issuer.audience}</code> },
                {
                  head: t.access.issuers.rules,
                  cell: (issuer) => (
                    <ol className={styles.rules}>
                      {issuer.rules.map((rule) => (
                        <li key={JSON.stringify(rule)}>
                          <code>
                            {t.access.issuers.means(toLines(rule.claims).replaceAll('\n', ', '), rule.user)}
                          </code>
                        </li>
                      ))}
                    </ol>
                  ),
                },
                {
                  head: t.common.actions,
                  bare: true,
                  cell: (issuer) => (
                    <span className={styles.buttons}>
                      <Button small denied={denied} onClick={() => setEdited(issuer)}>
                        {t.common.edit}
                      </Button>
                      <Button small denied={denied} onClick={() => setDeleted(issuer.name)}>
                        {t.common.delete}
                      </Button>
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {edited && <IssuerDialog issuer={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted !== null && (
        <ConfirmDialog
          title={t.access.issuers.deleteTitle(deleted)}
          action={t.access.issuers.deleteAction}
          typed={deleted}
          onClose={() => setDeleted(null)}
          onConfirm={async () => {
            await remove.mutateAsync(deleted);
            tell(t.access.issuers.deleted(deleted));
          }}
        >
          <p>{t.access.issuers.deleteHint}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
