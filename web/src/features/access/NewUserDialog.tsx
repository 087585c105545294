// Makes a person, whose one-time password is shown this once, or a service.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { NewUserView, UserKind } from '../../api/schema';
import { useCreateUser } from '../../api/users';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Select, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { ShownOnce } from '../../ui/ShownOnce';
import styles from './Tab.module.css';

export function NewUserDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const create = useCreateUser();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<UserKind>('person');
  const [tried, setTried] = useState(false);
  if (create.data) return <Made user={create.data} onClose={onClose} />;
  const submit = () => {
    setTried(true);
    if (isName(name)) create.mutate({ name, kind });
  };
  const problem = tried && !isName(name) ? t.access.users.badName : fieldProblem(create.error, 'name');
  return (
    <Dialog title={t.access.users.addTitle} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={create.isPending}>
              {t.common.create}
            </Button>
          </>
        }
      >
        <Select
          label={t.access.users.kind}
          value={kind}
          onChange={(event) => setKind(event.target.value as UserKind)}
        >
          <option value="person">{t.access.users.person}</option>
          <option value="service">{t.access.users.service}</option>
        </Select>
        <TextField
          label={t.common.name}
          help={t.access.users.nameHelp}
          problem={problem}
          value={name}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        {create.error && <ErrorView error={create.error} shown={['name']} />}
      </Form>
    </Dialog>
  );
}

function Made({ user, onClose }: { user: NewUserView; onClose: () => void }) {
  const t = useT();
  const { name, one_time_password: password } = user;
  return (
    <Dialog title={t.access.users.made(name)} onClose={onClose}>
      {password && <ShownOnce warning={t.access.users.oneTime} text={password} />}
      <p>{password ? t.access.users.oneTimeHint : t.access.users.serviceHint}</p>
      <div className={styles.line}>
        <Link to="/access" search={{ tab: 'grants', add: `user:${name}` }} onClick={onClose}>
          {t.access.users.rightsNext}
        </Link>
        {!password && (
          <Link to="/tokens" search={{ user: name }} onClick={onClose}>
            {t.access.users.tokensNext}
          </Link>
        )}
        <Button onClick={onClose}>{t.common.close}</Button>
      </div>
    </Dialog>
  );
}
