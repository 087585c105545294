// Why, where, and the button that makes it live. In production the environment's name is typed.
import { Rocket } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { EnvTag } from '../../ui/EnvTag';
import { TextField } from '../../ui/Field';
import styles from './PublishForm.module.css';

interface PublishFormProps {
  env: string;
  /** Why the caller may not publish. */
  denied: string | null;
  /** A check is in the way. */
  blocked: boolean;
  /** Whether everything that would be published was shown and judged. */
  ready: boolean;
  busy: boolean;
  onPublish: (message: string) => void;
}

export function PublishForm({ env, denied, blocked, ready, busy, onPublish }: PublishFormProps) {
  const t = useT();
  const words = t.drafts.publish;
  const environment = useEnvironment(env);
  const prod = environment?.tier === 'prod';
  const needed = environment?.protected ?? false;
  const [message, setMessage] = useState('');
  const [typed, setTyped] = useState('');
  /** Whether somebody pressed the button: then it says what is missing. */
  const [tried, setTried] = useState(false);
  const noMessage = needed && message.trim() === '';
  const unconfirmed = prod && typed !== env;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!ready || busy || blocked || denied || noMessage || unconfirmed) return;
    onPublish(message.trim());
  };
  return (
    <form className={classes(styles.form, prod && styles.grave)} onSubmit={submit} noValidate>
      <h2>{words.title(env)}</h2>
      <div>
        <EnvTag name={env} tier={environment?.tier} large />
      </div>
      {prod && <Banner tone="bad">{t.nav.production}</Banner>}
      <TextField
        label={needed ? words.message : t.common.noted(words.message, t.common.optional)}
        help={words.messageHelp}
        problem={tried && noMessage ? words.messageMissing : null}
        value={message}
        required={needed}
        maxLength={1024}
        onChange={(event) => setMessage(event.target.value)}
      />
      {prod && (
        <TextField
          label={words.confirm(env)}
          help={words.confirmHelp}
          problem={tried && unconfirmed ? words.confirmWrong(env) : null}
          value={typed}
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <div className={styles.actions}>
        <Button
          type="submit"
          kind={prod ? 'danger' : 'primary'}
          icon={<Rocket aria-hidden />}
          busy={busy}
          denied={denied ?? (blocked ? words.blocked : null)}
          disabled={!ready}
        >
          {words.act}
        </Button>
      </div>
    </form>
  );
}
