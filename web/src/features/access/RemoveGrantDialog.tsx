// Takes a role away, and says before what is lost with it.
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../../api/environments';
import { roleActions, useTakeGrant } from '../../api/grants';
import { meQuery } from '../../api/me';
import { codeOf } from '../../api/problem';
import type { HeldGrantView, Role } from '../../api/schema';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { PlaceWords, productions } from '../../app/PlaceWords';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Facts } from '../../ui/Facts';
import { tell } from '../../ui/Toast';
import { SubjectWords } from './SubjectWords';
import { parseSubject } from './subjects';

export function RemoveGrantDialog({ grant, onClose }: { grant: HeldGrantView; onClose: () => void }) {
  const t = useT();
  const take = useTakeGrant();
  const { data: me } = useQuery(meQuery);
  const { data: environments } = useQuery(environmentsQuery);
  const role = t.roles[grant.role as Role] ?? grant.role;
  const { name } = parseSubject(grant.subject);
  const actions = roleActions[grant.role as Role] ?? [];
  return (
    <ConfirmDialog
      title={t.access.grants.removeTitle}
      action={t.access.grants.removeAction}
      grave={productions(grant.environment, environments).length > 0}
      onClose={onClose}
      onConfirm={async () => {
        await take.mutateAsync(grant.id);
        tell(t.access.grants.taken(role, name));
      }}
      explain={(error) => codeOf(error) === 'last_admin' && <p>{t.access.grants.lastAdmin}</p>}
    >
      <Facts
        facts={[
          [t.access.subject, <SubjectWords key="who" subject={grant.subject} />],
          [t.access.role, role],
          [t.access.where, <PlaceWords key="where" {...grant} />],
        ]}
      />
      <p>
        {t.access.grants.loses(name)} {actions.map((action) => t.actions[action]).join(' · ')}
      </p>
      {me?.grants.some((one) => one.id === grant.id) && <Banner tone="warn">{t.access.grants.yours}</Banner>}
      <p>{t.access.grants.atOnce}</p>
    </ConfirmDialog>
  );
}
