// Gives a role to somebody on a part of the store.
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { environmentsQuery } from '../../api/environments';
import { roleActions, roleNames, useGiveGrant } from '../../api/grants';
import { useGroups } from '../../api/groups';
import { meQuery } from '../../api/me';
import { codeOf } from '../../api/problem';
import type { Role } from '../../api/schema';
import { useUsers } from '../../api/users';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { isPlace, PlaceFields } from '../../app/PlaceFields';
import { productions } from '../../app/PlaceWords';
import { may } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Select, TextField } from '../../ui/Field';
import { Form, Row } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import { parseSubject } from './subjects';

const SHOWN = ['subject', 'environment', 'namespace', 'key_prefix'];

export function GrantDialog({ subject, onClose }: { subject: string; onClose: () => void }) {
  const t = useT();
  const list = useId();
  const first = parseSubject(subject);
  const [kind, setKind] = useState<'user' | 'group'>(first.kind === 'group' ? 'group' : 'user');
  const [name, setName] = useState(first.name);
  const [role, setRole] = useState<Role>('viewer');
  const [part, setPart] = useState({ environment: '*', namespace: '*', key_prefix: '' });
  const [tried, setTried] = useState(false);
  const { data: me } = useQuery(meQuery);
  const { data: environments } = useQuery(environmentsQuery);
  const operates = me !== undefined && may(me, 'administer');
  const users = useUsers(operates);
  const groups = useGroups(operates);
  const names = (kind === 'user' ? users.data : groups.data)?.map((one) => one.name) ?? [];
  const give = useGiveGrant();
  const production = productions(part.environment, environments);

  const submit = () => {
    setTried(true);
    if (name === '' || !isPlace(part)) return;
    give.mutate(
      { subject: `${kind}:${name}`, role, ...part },
      {
        onSuccess: () => {
          tell(t.access.grants.given(name, t.roles[role]));
          onClose();
        },
      },
    );
  };
  const problem =
    fieldProblem(give.error, 'subject') ?? (tried && name === '' ? t.access.grants.nameMissing : null);
  return (
    <Dialog title={t.access.grants.addTitle} grave={production.length > 0} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={give.isPending}>
              {t.access.grants.give}
            </Button>
          </>
        }
      >
        <Row>
          <Select
            label={t.access.grants.kind}
            value={kind}
            onChange={(event) => setKind(event.target.value as typeof kind)}
          >
            <option value="user">{t.access.kinds.user}</option>
            <option value="group">{t.access.kinds.group}</option>
          </Select>
          <TextField
            label={t.access.grants.name}
            help={t.access.grants.nameHelp[kind]}
            problem={problem}
            value={name}
            list={list}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
          <datalist id={list}>
            {names.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </Row>
        <Select
          label={t.access.role}
          help={
            <>
              {t.access.roleHelp[role]} {t.access.allows}
              {t.common.colon}
              {roleActions[role].map((action) => t.actions[action]).join(' · ')}
            </>
          }
          problem={fieldProblem(give.error, 'role')}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        >
          {roleNames.map((one) => (
            <option key={one} value={one}>
              {t.roles[one]}
            </option>
          ))}
        </Select>
        <PlaceFields part={part} onChange={setPart} problem={(field) => fieldProblem(give.error, field)} />
        {production.length > 0 && (
          <Banner tone="warn">
            {t.access.production} <strong>{production.join(', ')}</strong>
          </Banner>
        )}
        {give.error && (
          <ErrorView error={give.error} shown={SHOWN}>
            {codeOf(give.error) === 'self_grant' && <p>{t.access.grants.selfGrant}</p>}
          </ErrorView>
        )}
      </Form>
    </Dialog>
  );
}
