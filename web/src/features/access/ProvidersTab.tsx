// Where people may log in besides passwords.
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useDeleteProvider, useProviders } from '../../api/providers';
import type { ProviderView } from '../../api/schema';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { EmptyState } from '../../ui/States';
import { tell } from '../../ui/Toast';
import { ProviderDialog } from './ProviderDialog';
import styles from './Tab.module.css';
import { TabHead } from './TabHead';

export function ProvidersTab() {
  const t = useT();
  const denied = useDenied('administer');
  const providers = useProviders();
  const remove = useDeleteProvider();
  const [edited, setEdited] = useState<ProviderView | 'new' | null>(null);
  const [deleted, setDeleted] = useState<string | null>(null);
  return (
    <>
      <TabHead
        lead={t.access.providers.lead}
        actions={
          <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setEdited('new')}>
            {t.access.providers.add}
          </Button>
        }
      />
      {denied && <Banner tone="quiet">{t.access.providers.onlyNames}</Banner>}
      <Loaded query={providers}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title={t.access.providers.none}>{t.access.providers.noneHint}</EmptyState>
          ) : (
            <DataTable
              label={t.access.tabs.providers}
              rows={list}
              rowKey={(provider) => provider.name}
              columns={[
                { head: t.common.name, cell: (provider) => <strong>{provider.name}</strong> },
                {
                  head: t.access.providers.issuer,
                  cell: (provider) => provider.issuer && <code>{provider.issuer}</code>,
                },
                {
                  head: t.access.providers.clientId,
                  cell: (provider) => provider.client_id && <code>{provider.client_id}</code>,
                },
                {
                  head: t.access.providers.secret,
                  cell: (provider) =>
                    provider.issuer &&
                    (provider.has_secret ? t.access.providers.hasSecret : t.access.providers.noSecret),
                },
                {
                  head: t.common.actions,
                  bare: true,
                  cell: (provider) => (
                    <span className={styles.buttons}>
                      <Button small denied={denied} onClick={() => setEdited(provider)}>
                        {t.common.edit}
                      </Button>
                      <Button small denied={denied} onClick={() => setDeleted(provider.name)}>
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
      {edited && (
        <ProviderDialog provider={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />
      )}
      {deleted !== null && (
        <ConfirmDialog
          title={t.access.providers.deleteTitle(deleted)}
          action={t.common.delete}
          typed={deleted}
          onClose={() => setDeleted(null)}
          onConfirm={async () => {
            await remove.mutateAsync(deleted);
            tell(t.access.providers.deleted(deleted));
          }}
        >
          <p>{t.access.providers.deleteHint}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
