// Groups: who is in them, and what they hold.
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useDeleteGroup, useGroups } from '../../api/groups';
import { codeOf } from '../../api/problem';
import type { GroupView } from '../../api/schema';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { MoreButton } from '../../ui/MoreButton';
import { EmptyState } from '../../ui/States';
import { tell } from '../../ui/Toast';
import { MembersDialog } from './MembersDialog';
import styles from './Tab.module.css';
import { TabHead } from './TabHead';

export function GroupsTab() {
  const t = useT();
  const denied = useDenied('administer');
  const groups = useGroups();
  const remove = useDeleteGroup();
  const [edited, setEdited] = useState<GroupView | 'new' | null>(null);
  const [deleted, setDeleted] = useState<GroupView | null>(null);
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setEdited('new')}>
      {t.access.groups.add}
    </Button>
  );
  return (
    <>
      <TabHead lead={t.access.groups.lead} actions={add} />
      <Loaded query={groups}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title={t.access.groups.none}>{t.access.groups.noneHint}</EmptyState>
          ) : (
            <>
              <p>{t.access.groups.count(list.length)}</p>
              <DataTable
                label={t.access.tabs.groups}
                rows={list}
                rowKey={(group) => group.name}
                columns={[
                  { head: t.common.name, cell: (group) => <strong>{group.name}</strong> },
                  { head: t.access.groups.members, cell: (group) => <Members group={group} /> },
                  {
                    head: t.access.groups.holds,
                    cell: (group) =>
                      group.grants.length === 0 ? (
                        t.access.groups.nothing
                      ) : (
                        <Link to="/access" search={{ tab: 'grants', subject: `group:${group.name}` }}>
                          {t.access.grants.count(group.grants.length)}
                        </Link>
                      ),
                  },
                  {
                    head: t.common.actions,
                    bare: true,
                    cell: (group) => (
                      <span className={styles.buttons}>
                        <Button small denied={denied} onClick={() => setEdited(group)}>
                          {t.access.groups.edit}
                        </Button>
                        <Button small denied={denied} onClick={() => setDeleted(group)}>
                          {t.common.delete}
                        </Button>
                      </span>
                    ),
                  },
                ]}
              />
              <MoreButton query={groups} />
            </>
          )
        }
      </Loaded>
      {edited && <MembersDialog group={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted && (
        <ConfirmDialog
          title={`${t.access.groups.deleteTitle}${t.common.colon}${deleted.name}`}
          action={t.access.groups.deleteAction}
          onClose={() => setDeleted(null)}
          onConfirm={async () => {
            await remove.mutateAsync(deleted.name);
            tell(t.access.groups.deleted(deleted.name));
          }}
          explain={(error) => codeOf(error) === 'last_admin' && <p>{t.access.grants.lastAdmin}</p>}
        >
          <p>
            {t.access.groups.deleteImpact(
              deleted.members.filter((one) => one.source === 'local').length,
              deleted.grants.length,
            )}
          </p>
          <p>{t.access.grants.atOnce}</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function Members({ group }: { group: GroupView }) {
  const t = useT();
  if (group.members.length === 0) return t.access.groups.noMembers;
  return (
    <span className={styles.badges}>
      {group.members.map(({ user, source }) => (
        <Badge key={`${user} ${source}`}>
          {source === 'local' ? user : `${user} · ${t.access.groups.by(source)}`}
        </Badge>
      ))}
    </span>
  );
}
