// People and services: made, disabled, and given new passwords here.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { UserView } from '../../api/schema';
import { useUsers } from '../../api/users';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { FilterField } from '../../ui/FilterBar';
import { MoreButton } from '../../ui/MoreButton';
import { EmptyState } from '../../ui/States';
import { Time } from '../../ui/Time';
import { NewUserDialog } from './NewUserDialog';
import styles from './Tab.module.css';
import { TabHead } from './TabHead';
import { UserMenu } from './UserMenu';

/** Whether a user fits what was typed: its name or one of its groups has it in it. */
function fits(user: UserView, text: string): boolean {
  return [user.name, ...user.groups.map((one) => one.group)].some((name) =>
    name.includes(text.toLowerCase()),
  );
}

export function UsersTab() {
  const t = useT();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const denied = useDenied('administer');
  const users = useUsers();
  const [making, setMaking] = useState(false);
  const wanted = search.q ?? '';
  return (
    <>
      <TabHead
        lead={t.access.users.lead}
        actions={
          <Button kind="primary" icon={<Plus aria-hidden />} denied={denied} onClick={() => setMaking(true)}>
            {t.access.users.add}
          </Button>
        }
      />
      <Loaded query={users}>
        {(all) => {
          const list = all.filter((user) => fits(user, wanted));
          return (
            <>
              <search className={styles.filter}>
                <FilterField
                  bare
                  label={t.access.users.filter}
                  placeholder={t.access.users.filter}
                  value={wanted}
                  onChange={(q) =>
                    void navigate({
                      to: '/access',
                      search: { ...search, q: q || undefined },
                      replace: true,
                    })
                  }
                />
              </search>
              <p>{t.access.users.count(list.length)}</p>
              {list.length === 0 ? <EmptyState title={t.access.users.noMatch} /> : <Table users={list} />}
              <MoreButton query={users} />
            </>
          );
        }}
      </Loaded>
      {making && <NewUserDialog onClose={() => setMaking(false)} />}
    </>
  );
}

function Table({ users }: { users: UserView[] }) {
  const t = useT();
  const login = (user: UserView) => {
    if (user.kind === 'service') return t.access.users.loginToken;
    return user.provider ? t.access.users.loginAt(user.provider) : t.access.users.loginHere;
  };
  return (
    <DataTable
      label={t.access.tabs.users}
      rows={users}
      rowKey={(user) => user.id}
      columns={[
        {
          head: t.common.name,
          cell: (user) => (
            <span className={styles.line}>
              <strong>{user.name}</strong>
              {user.disabled && <Badge tone="bad">{t.access.users.disabled}</Badge>}
            </span>
          ),
        },
        { head: t.access.users.kind, cell: (user) => t.access.userKinds[user.kind] },
        { head: t.access.users.login, cell: login },
        {
          head: t.access.users.groups,
          cell: (user) =>
            user.groups.length > 0 && (
              <span className={styles.badges}>
                {user.groups.map(({ group, source }) => (
                  <Badge key={`${group} ${source}`}>
                    {source === 'local' ? group : `${group} · ${t.access.groups.by(source)}`}
                  </Badge>
                ))}
              </span>
            ),
        },
        { head: t.access.users.created, cell: (user) => <Time at={user.created_at} /> },
        { head: t.common.actions, bare: true, cell: (user) => <UserMenu user={user} /> },
      ]}
    />
  );
}
