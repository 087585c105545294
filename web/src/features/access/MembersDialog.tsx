// Who is in a group, as far as it is kept here; also makes a group.
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import { useSetMembers } from '../../api/groups';
import { codeOf } from '../../api/problem';
import type { GroupView } from '../../api/schema';
import { useUsers } from '../../api/users';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { Form, Group } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import styles from './Tab.module.css';

export function MembersDialog({ group, onClose }: { group: GroupView | null; onClose: () => void }) {
  const t = useT();
  const list = useId();
  const { data: users } = useUsers();
  const save = useSetMembers();
  const local = group?.members.filter((one) => one.source === 'local').map((one) => one.user) ?? [];
  const foreign = group?.members.filter((one) => one.source !== 'local') ?? [];
  const [name, setName] = useState(group?.name ?? '');
  const [members, setMembers] = useState(local);
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const addable = typed !== '' && isName(typed) && !members.includes(typed);
  const all = addable ? [...members, typed] : members;
  const add = () => {
    setMembers(all);
    setTyped('');
  };
  const empty = group === null && all.length === 0;
  const submit = () => {
    setTried(true);
    if (!isName(name) || empty) return;
    save.mutate(
      { name, members: all },
      {
        onSuccess: () => {
          tell(t.access.groups.saved(name));
          onClose();
        },
      },
    );
  };
  return (
    <Dialog title={group ? t.access.groups.editTitle(group.name) : t.access.groups.add} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={save.isPending}>
              {t.common.save}
            </Button>
          </>
        }
      >
        {group === null && (
          <TextField
            label={t.common.name}
            help={t.access.groups.nameHelp}
            problem={tried && !isName(name) ? t.access.users.badName : null}
            value={name}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <Group legend={t.access.groups.members}>
          {members.length > 0 && (
            <ul className={styles.list}>
              {members.map((member) => (
                <li key={member}>
                  {member}
                  <Button
                    kind="quiet"
                    small
                    icon={<X aria-hidden />}
                    aria-label={t.access.groups.removeMember(member)}
                    onClick={() => setMembers(members.filter((one) => one !== member))}
                  />
                </li>
              ))}
            </ul>
          )}
          <div className={styles.add}>
            <TextField
              label={t.access.groups.addMember}
              placeholder={t.access.groups.addHint}
              value={typed}
              list={list}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || typed === '') return;
                event.preventDefault();
                if (addable) add();
              }}
            />
            <Button disabled={!addable} onClick={add}>
              {t.common.add}
            </Button>
          </div>
          <datalist id={list}>
            {users
              ?.filter((user) => !members.includes(user.name))
              .map((user) => (
                <option key={user.name} value={user.name} />
              ))}
          </datalist>
          {tried && empty && <p>{t.access.groups.needsMember}</p>}
          {foreign.length > 0 && (
            <p>
              {t.access.groups.foreign}{' '}
              {foreign.map((one) => t.common.noted(one.user, t.access.groups.by(one.source))).join(', ')}
            </p>
          )}
        </Group>
        {save.error && (
          <ErrorView error={save.error}>
            {codeOf(save.error) === 'self_grant' && <p>{t.access.grants.selfGrant}</p>}
            {codeOf(save.error) === 'last_admin' && <p>{t.access.grants.lastAdmin}</p>}
          </ErrorView>
        )}
      </Form>
    </Dialog>
  );
}
