// What one may do after all, and the grants that it comes from.
import { Link } from '@tanstack/react-router';
import type { CallerView, Role } from '../../api/schema';
import { PlaceWords } from '../../app/PlaceWords';
import { useT } from '../../i18n';
import { DataTable } from '../../ui/DataTable';
import { Section } from '../../ui/Section';
import { EmptyState } from '../../ui/States';

export function Rights({ caller }: { caller: CallerView }) {
  const t = useT();
  if (caller.effective.length === 0)
    return <EmptyState title={t.account.noRights}>{t.account.noRightsHint}</EmptyState>;
  return (
    <>
      <Section
        title={t.account.rights}
        lead={t.account.rightsLead}
        actions={
          <Link to="/access" search={{ tab: 'explain' }}>
            {t.account.explain}
          </Link>
        }
      >
        <DataTable
          label={t.account.rights}
          rows={caller.effective}
          rowKey={(part) => JSON.stringify(part)}
          columns={[
            { head: t.access.where, cell: (part) => <PlaceWords {...part} /> },
            {
              head: t.account.may,
              cell: (part) => part.actions.map((action) => t.actions[action]).join(' · '),
            },
          ]}
        />
      </Section>
      <Section title={t.account.grants} lead={t.account.grantsLead}>
        <DataTable
          label={t.account.grants}
          rows={caller.grants}
          rowKey={(grant) => grant.id}
          columns={[
            { head: t.access.role, cell: (grant) => t.roles[grant.role as Role] },
            { head: t.access.where, cell: (grant) => <PlaceWords {...grant} /> },
            {
              head: t.access.subject,
              cell: (grant) =>
                grant.subject.startsWith('group:')
                  ? `${t.access.kinds.group} ${grant.subject.slice('group:'.length)}`
                  : t.account.yourself,
            },
          ]}
        />
      </Section>
    </>
  );
}
