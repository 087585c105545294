// What a namespace is for and which of its keys are secret, as a form.
import { useState } from 'react';
import { useChangeNamespace } from '../../api/namespaces';
import { codeOf } from '../../api/problem';
import type { NamespaceView } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useDenied, useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Facts } from '../../ui/Facts';
import { TextArea, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import { useAttributes } from './attributes';
import styles from './NamespaceSettingsPage.module.css';

export function AttributesForm({ namespace }: { namespace: NamespaceView }) {
  const t = useT();
  const { environment: env, name: ns } = namespace;
  const wantsMessage = useEnvironment(env)?.protected === true;
  const change = useChangeNamespace({ env, ns });
  const denied = useDenied('manage', { env, ns });
  const form = useAttributes(namespace);
  const [message, setMessage] = useState('');
  const [tried, setTried] = useState(false);
  const noMessage = wantsMessage && message.trim() === '';

  const submit = () => {
    if (denied || change.isPending) return;
    if (!form.changed) return tell(t.entries.settings.unchanged);
    setTried(true);
    if (noMessage) return;
    change.mutate(
      { seen: form.seen, body: { ...form.typed, message } },
      {
        onSuccess: () => {
          tell(t.entries.settings.saved);
          setMessage('');
          setTried(false);
        },
      },
    );
  };
  const settle = (choose: () => void) => {
    change.reset();
    choose();
  };

  const moved = form.moved && !change.isPending;
  const secretsProblem = fieldProblem(change.error, 'secret_keys');
  const descriptionProblem = fieldProblem(change.error, 'description');
  const said =
    secretsProblem || descriptionProblem || (moved && codeOf(change.error) === 'precondition_failed');
  return (
    <section className={styles.part} aria-labelledby="attributes">
      <h2 id="attributes">{t.entries.settings.attributes}</h2>
      <Form
        onSubmit={submit}
        actions={
          <Button kind="primary" type="submit" busy={change.isPending} denied={denied}>
            {t.common.save}
          </Button>
        }
      >
        <TextArea
          label={t.common.description}
          help={t.entries.namespaces.descriptionHelp}
          value={form.description}
          onChange={(event) => form.setDescription(event.target.value)}
          problem={descriptionProblem}
          readOnly={denied !== null}
          rows={2}
        />
        <TextArea
          label={t.entries.settings.secretKeys}
          help={t.entries.settings.secretKeysHelp}
          value={form.patterns}
          onChange={(event) => form.setPatterns(event.target.value)}
          problem={secretsProblem}
          readOnly={denied !== null}
          spellCheck={false}
          className={styles.patterns}
          rows={4}
        />
        {form.changed && (
          <TextField
            label={wantsMessage ? t.common.message : t.common.noted(t.common.message, t.common.optional)}
            help={t.entries.settings.messageHelp}
            value={message}
            onChange={(event) => setMessage(event.target.value)}
            problem={tried && noMessage ? t.problems.codes.message_required : null}
            required={wantsMessage}
          />
        )}
        {moved && (
          <Banner
            tone="warn"
            title={t.entries.settings.moved}
            actions={
              <>
                <Button onClick={() => settle(form.adopt)}>{t.entries.settings.takeTheirs}</Button>
                <Button onClick={() => settle(form.keep)}>{t.entries.settings.keepMine}</Button>
              </>
            }
          >
            <p>{t.entries.settings.movedHint}</p>
            <Facts
              facts={[
                [t.common.description, namespace.description || t.common.none],
                [t.entries.settings.secretKeys, namespace.secret_keys?.join(', ') || t.common.none],
              ]}
            />
          </Banner>
        )}
        {change.error && !said && <ErrorView error={change.error} />}
      </Form>
    </section>
  );
}
