// Changing one's own password.
import { useRef, useState } from 'react';
import { codeOf } from '../../api/problem';
import { useProviders } from '../../api/providers';
import { useChangePassword } from '../../api/sessions';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { Section } from '../../ui/Section';
import { tell } from '../../ui/Toast';
import styles from './PasswordSection.module.css';

export function PasswordSection() {
  const t = useT();
  const change = useChangePassword();
  const { data: providers } = useProviders();
  const [different, setDifferent] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const submit = (fields: FormData) => {
    const text = (name: string) => String(fields.get(name) ?? '');
    const unequal = text('new_password') !== text('again');
    setDifferent(unequal);
    change.reset();
    if (unequal) return;
    change.mutate(
      { password: text('password'), new_password: text('new_password') },
      {
        onSuccess: () => {
          box.current?.querySelector('form')?.reset();
          tell(t.account.changed);
        },
      },
    );
  };
  const wrong = codeOf(change.error) === 'wrong_password';
  const lead = [t.account.passwordLead, ...(providers?.length ? [t.account.passwordElsewhere] : [])].join(
    ' ',
  );
  return (
    <Section title={t.account.password} lead={lead} panel>
      <div ref={box} className={styles.narrow}>
        <Form
          onSubmit={submit}
          actions={
            <Button type="submit" busy={change.isPending}>
              {t.account.change}
            </Button>
          }
        >
          <TextField
            name="password"
            type="password"
            label={t.account.present}
            problem={wrong ? t.account.presentWrong : null}
            autoComplete="current-password"
            maxLength={512}
            required
          />
          <TextField
            name="new_password"
            type="password"
            label={t.account.next}
            help={t.account.rule}
            problem={fieldProblem(change.error, 'new_password')}
            autoComplete="new-password"
            maxLength={512}
            required
          />
          <TextField
            name="again"
            type="password"
            label={t.account.again}
            problem={different ? t.account.different : null}
            autoComplete="new-password"
            maxLength={512}
            required
          />
          {change.error && !wrong && <ErrorView error={change.error} shown={['new_password']} />}
        </Form>
      </div>
    </Section>
  );
}
