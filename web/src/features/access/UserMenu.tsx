// What can be done with a user.
import { useNavigate } from '@tanstack/react-router';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { codeOf } from '../../api/problem';
import type { UserView } from '../../api/schema';
import { useEndSessions } from '../../api/sessions';
import { useResetPassword, useSetDisabled } from '../../api/users';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { inWords } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Menu } from '../../ui/Menu';
import { ShownOnce } from '../../ui/ShownOnce';
import { tell } from '../../ui/Toast';
import styles from './Tab.module.css';

export function UserMenu({ user: { name, kind, disabled, provider } }: { user: UserView }) {
  const t = useT();
  const navigate = useNavigate();
  const setDisabled = useSetDisabled();
  const reset = useResetPassword();
  const end = useEndSessions();
  const [asked, setAsked] = useState<'disable' | 'reset' | 'end' | null>(null);
  const [password, setPassword] = useState<string | null>(null);
  const close = () => setAsked(null);
  const enable = () =>
    setDisabled.mutate(
      { name, disabled: false },
      {
        onSuccess: () => tell(t.access.users.enabled(name)),
        onError: (error) => tell(inWords(error, t), 'bad'),
      },
    );
  const person = kind === 'person';
  const items = [
    {
      label: t.access.users.rights,
      onSelect: () => void navigate({ to: '/access', search: { tab: 'grants', subject: `user:${name}` } }),
    },
    {
      label: t.access.users.explain,
      onSelect: () => void navigate({ to: '/access', search: { tab: 'explain', who: `user:${name}` } }),
    },
    ...(person
      ? []
      : [
          {
            label: t.access.users.tokens,
            onSelect: () => void navigate({ to: '/tokens', search: { user: name } }),
          },
        ]),
    ...(person && !provider ? [{ label: t.access.users.reset, onSelect: () => setAsked('reset') }] : []),
    ...(person ? [{ label: t.access.users.end, onSelect: () => setAsked('end') }] : []),
    disabled
      ? { label: t.access.users.enable, onSelect: enable }
      : { label: t.access.users.disable, onSelect: () => setAsked('disable') },
  ];
  return (
    <>
      <Menu
        className={styles.menu}
        side="right"
        label={t.access.users.more(name)}
        button={
          <>
            {t.access.users.do} <ChevronDown aria-hidden />
          </>
        }
        items={items}
      />
      {asked === 'disable' && (
        <ConfirmDialog
          title={t.access.users.disableTitle(name)}
          action={t.access.users.disable}
          onClose={close}
          onConfirm={async () => {
            await setDisabled.mutateAsync({ name, disabled: true });
            tell(t.access.users.isDisabled(name));
          }}
          explain={(error) => codeOf(error) === 'last_admin' && <p>{t.access.grants.lastAdmin}</p>}
        >
          <p>{t.access.users.disableHint}</p>
        </ConfirmDialog>
      )}
      {asked === 'reset' && (
        <ConfirmDialog
          title={t.access.users.resetTitle(name)}
          action={t.access.users.resetAction}
          onClose={close}
          onConfirm={async () => setPassword((await reset.mutateAsync(name)).one_time_password)}
        >
          <p>{t.access.users.resetHint}</p>
        </ConfirmDialog>
      )}
      {asked === 'end' && (
        <ConfirmDialog
          title={t.access.users.endTitle(name)}
          action={t.access.users.end}
          onClose={close}
          onConfirm={async () => {
            await end.mutateAsync(name);
            tell(t.access.users.ended(name));
          }}
        >
          <p>{t.access.users.endHint}</p>
        </ConfirmDialog>
      )}
      {password !== null && (
        <Dialog title={t.access.users.resetTitle(name)} onClose={() => setPassword(null)}>
          <ShownOnce warning={t.access.users.oneTime} text={password} />
          <p>{t.access.users.oneTimeHint}</p>
          <div>
            <Button kind="primary" onClick={() => setPassword(null)}>
              {t.common.close}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
