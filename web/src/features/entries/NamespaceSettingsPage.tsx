// What a namespace is for, which of its keys are secret, and its end.
import { useParams } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { usePutNamespace } from '../../api/namespaces';
import type { NamespaceView } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { NamespaceGate } from '../../app/NamespaceGate';
import { NamespaceTabs } from '../../app/NamespaceTabs';
import { useDenied, useEnvironment, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { TextArea, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { Page } from '../../ui/Page';
import { tell } from '../../ui/Toast';
import { DeleteNamespaceDialog } from './DeleteNamespaceDialog';
import styles from './NamespaceSettingsPage.module.css';

export default function NamespaceSettingsPage() {
  const t = useT();
  const scope = useParams({ from: '/shell/e/$env/n/$ns/settings' });
  return (
    <Page
      title={scope.ns}
      tab={[t.entries.settings.title, ...useTab(scope.env, scope.ns)]}
      tabs={<NamespaceTabs {...scope} />}
    >
      <NamespaceGate scope={scope}>
        {(namespace) => (
          <>
            <Attributes key={attributesOf(namespace)} namespace={namespace} />
            <End namespace={namespace} />
          </>
        )}
      </NamespaceGate>
    </Page>
  );
}

/** What the form is about: another revision of the entries takes nothing from what is being typed. */
const attributesOf = ({ description, secret_keys }: NamespaceView) =>
  JSON.stringify([description, secret_keys]);

const asLines = (patterns: string[] | undefined) => (patterns ?? []).join('\n');
const asPatterns = (text: string) => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

function Attributes({ namespace }: { namespace: NamespaceView }) {
  const t = useT();
  const { environment: env, name: ns } = namespace;
  const wantsMessage = useEnvironment(env)?.protected === true;
  const put = usePutNamespace(env);
  const denied = useDenied('manage', { env, ns });
  const [description, setDescription] = useState(namespace.description ?? '');
  const [patterns, setPatterns] = useState(asLines(namespace.secret_keys));
  const [message, setMessage] = useState('');
  const [tried, setTried] = useState(false);
  const changed =
    description !== (namespace.description ?? '') ||
    asLines(asPatterns(patterns)) !== asLines(namespace.secret_keys);
  const noMessage = wantsMessage && message.trim() === '';

  const submit = () => {
    if (denied || put.isPending) return;
    if (!changed) return tell(t.entries.settings.unchanged);
    setTried(true);
    if (noMessage) return;
    const body = { name: ns, description, secret_keys: asPatterns(patterns), message };
    // Told also when what was saved has taken the place of this form.
    put.mutateAsync(body).then(
      () => tell(t.entries.settings.saved),
      () => {},
    );
  };

  const secretsProblem = fieldProblem(put.error, 'secret_keys');
  const descriptionProblem = fieldProblem(put.error, 'description');
  return (
    <section className={styles.part} aria-labelledby="attributes">
      <h2 id="attributes">{t.entries.settings.attributes}</h2>
      <Form
        onSubmit={submit}
        actions={
          <Button kind="primary" type="submit" busy={put.isPending} denied={denied}>
            {t.common.save}
          </Button>
        }
      >
        <TextArea
          label={t.common.description}
          help={t.entries.namespaces.descriptionHelp}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          problem={descriptionProblem}
          readOnly={denied !== null}
          rows={2}
        />
        <TextArea
          label={t.entries.settings.secretKeys}
          help={t.entries.settings.secretKeysHelp}
          value={patterns}
          onChange={(event) => setPatterns(event.target.value)}
          problem={secretsProblem}
          readOnly={denied !== null}
          spellCheck={false}
          className={styles.patterns}
          rows={4}
        />
        {changed && (
          <TextField
            label={wantsMessage ? t.common.message : `${t.common.message} (${t.common.optional})`}
            help={t.entries.settings.messageHelp}
            value={message}
            onChange={(event) => setMessage(event.target.value)}
            problem={tried && noMessage ? t.problems.codes.message_required : null}
            required={wantsMessage}
          />
        )}
        {put.error && !secretsProblem && !descriptionProblem && <ErrorView error={put.error} />}
      </Form>
    </section>
  );
}

function End({ namespace }: { namespace: NamespaceView }) {
  const t = useT();
  const denied = useDenied('manage', { env: namespace.environment, ns: namespace.name });
  const [deleting, setDeleting] = useState(false);
  return (
    <section className={styles.part} aria-labelledby="end">
      <h2 id="end">{t.entries.settings.delete}</h2>
      <p>{t.entries.settings.deleteHint}</p>
      <div>
        <Button icon={<Trash2 aria-hidden />} denied={denied} onClick={() => setDeleting(true)}>
          {t.entries.settings.delete}
        </Button>
      </div>
      {deleting && <DeleteNamespaceDialog namespace={namespace} onClose={() => setDeleting(false)} />}
    </section>
  );
}
