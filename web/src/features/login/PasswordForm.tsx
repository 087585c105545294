// Name and password; after a one-time password also the new one, twice.
import { useEffect, useRef, useState } from 'react';
import { codeOf } from '../../api/problem';
import { useLogIn } from '../../api/sessions';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import styles from './LoginPage.module.css';

export function PasswordForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const logIn = useLogIn();
  const [renew, setRenew] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const first = useRef<HTMLInputElement>(null);
  const replacement = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    if (renew) replacement.current?.focus();
  }, [renew]);

  const submit = (fields: FormData) => {
    const [name, password, chosen, again] = ['name', 'password', 'new_password', 'again'].map((field) =>
      String(fields.get(field) ?? ''),
    ) as [string, string, string, string];
    logIn.reset();
    if (name === '' || password === '') return setProblem(t.login.missing);
    if (renew && chosen !== again) return setProblem(t.login.different);
    setProblem(null);
    logIn.mutate(
      { name, password, ...(renew && { new_password: chosen }) },
      {
        onSuccess: onDone,
        onError: (error) => {
          if (codeOf(error) === 'password_change_required') setRenew(true);
        },
      },
    );
  };

  const asked = codeOf(logIn.error) === 'password_change_required';
  return (
    <Form onSubmit={submit}>
      <div id="error" hidden={problem === null && (logIn.error === null || asked)}>
        {problem !== null && <Banner tone="bad">{problem}</Banner>}
        {logIn.error && !asked && <ErrorView error={logIn.error} shown={['new_password']} />}
      </div>
      <TextField
        ref={first}
        id="name"
        name="name"
        label={t.common.name}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={200}
        required
      />
      <TextField
        id="password"
        name="password"
        type="password"
        label={t.login.password}
        autoComplete="current-password"
        maxLength={512}
        required
      />
      {renew && (
        <div id="renew" className={styles.login}>
          <Banner tone="accent">{t.login.renew}</Banner>
          <TextField
            ref={replacement}
            id="new-password"
            name="new_password"
            type="password"
            label={t.login.newPassword}
            help={t.login.rule}
            problem={fieldProblem(logIn.error, 'new_password')}
            autoComplete="new-password"
            maxLength={512}
          />
          <TextField
            id="again"
            name="again"
            type="password"
            label={t.login.again}
            autoComplete="new-password"
            maxLength={512}
          />
        </div>
      )}
      <Button id="submit" type="submit" kind="primary" className={styles.submit} busy={logIn.isPending}>
        {t.login.submit}
      </Button>
    </Form>
  );
}
