// Grants by who holds them or by place, with filters in the address.
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { roleNames, useGrants } from '../../api/grants';
import { meQuery } from '../../api/me';
import type { HeldGrantView, Role } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { PlaceWords } from '../../app/PlaceWords';
import { may } from '../../app/session';
import { useT } from '../../i18n';
import { isPattern } from '../../lib/names';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { MoreButton } from '../../ui/MoreButton';
import { EmptyState } from '../../ui/States';
import { GrantDialog } from './GrantDialog';
import { GrantFilters } from './GrantFilters';
import { RemoveGrantDialog } from './RemoveGrantDialog';
import { SubjectWords } from './SubjectWords';
import { TabHead } from './TabHead';

export function GrantsTab() {
  const t = useT();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const { data: me } = useQuery(meQuery);
  const [removed, setRemoved] = useState<HeldGrantView | null>(null);
  // What cannot be a pattern is not sent while it is being typed.
  const glob = (text: string | undefined) => (text && isPattern(text) ? text : undefined);
  const subject = search.subject && /^(user|group|token):./.test(search.subject) ? search.subject : undefined;
  const role = roleNames.find((name) => name === search.role);
  const filter = { subject, environment: glob(search.environment), namespace: glob(search.namespace), role };
  const filtered = Object.values(filter).some((one) => one !== undefined);
  const grants = useGrants(filter);
  const byPlace = search.by === 'place';
  const mayGrant = me?.effective.some((part) => part.actions.includes('grant')) ?? true;
  const open = (add: string | undefined) =>
    void navigate({ to: '/access', search: { ...search, add, name: undefined }, replace: true });

  const who = {
    head: t.access.subject,
    cell: (grant: HeldGrantView) => <SubjectWords subject={grant.subject} />,
  };
  const where = {
    head: t.access.where,
    cell: (grant: HeldGrantView) => <PlaceWords {...grant} />,
  };
  const what = {
    head: t.access.role,
    cell: (grant: HeldGrantView) => t.roles[grant.role as Role] ?? grant.role,
  };
  const remove = {
    head: t.common.actions,
    bare: true,
    cell: (grant: HeldGrantView) => {
      const name = t.access.grants.remove(t.roles[grant.role as Role] ?? grant.role, grant.subject);
      const deniedHere =
        me && !grant.subject.startsWith('token:') && !mayGrantAt(grant)
          ? t.denied.button(t.actions.grant, '')
          : null;
      return (
        <Button small denied={deniedHere} aria-label={name} onClick={() => setRemoved(grant)}>
          {t.common.remove}
        </Button>
      );
    },
  };
  const mayGrantAt = (grant: HeldGrantView) =>
    me !== undefined &&
    may(me, 'grant', { env: grant.environment, ns: grant.namespace, key: grant.key_prefix });

  return (
    <>
      <TabHead
        lead={me && !may(me, 'grant') ? t.access.grants.some : t.access.grants.lead}
        actions={
          <Button
            kind="primary"
            icon={<Plus aria-hidden />}
            denied={mayGrant ? null : t.denied.button(t.actions.grant, '')}
            onClick={() => open('user:')}
          >
            {t.access.grants.add}
          </Button>
        }
      />
      <GrantFilters />
      <Loaded query={grants}>
        {(all) => {
          // The scopes of tokens stand with the tokens.
          const tokens = subject?.startsWith('token:');
          const list = tokens ? all : all.filter((one) => !one.subject.startsWith('token:'));
          if (list.length === 0)
            return (
              <EmptyState
                title={filtered ? t.access.grants.noMatch : t.access.grants.none}
                actions={
                  filtered && (
                    <Link to="/access" search={{ tab: search.tab }}>
                      {t.access.grants.clear}
                    </Link>
                  )
                }
              >
                {!filtered && t.access.grants.noneHint}
              </EmptyState>
            );
          const place = (one: HeldGrantView) => `${one.environment}\0${one.namespace}\0${one.key_prefix}`;
          const rows = byPlace ? [...list].sort((a, b) => place(a).localeCompare(place(b))) : list;
          return (
            <>
              <p>{t.access.grants.count(list.length)}</p>
              <DataTable
                label={t.access.tabs.grants}
                rows={rows}
                rowKey={(grant) => grant.id}
                columns={byPlace ? [where, who, what, remove] : [who, where, what, remove]}
              />
              <MoreButton query={grants} />
            </>
          );
        }}
      </Loaded>
      {search.add !== undefined && mayGrant && (
        <GrantDialog subject={search.add} onClose={() => open(undefined)} />
      )}
      {removed && <RemoveGrantDialog grant={removed} onClose={() => setRemoved(null)} />}
    </>
  );
}
