// Deletes a namespace: what goes with it, who runs on it, and its name typed.
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { useInstanceCount } from '../../api/instanceCount';
import { useDeleteNamespace } from '../../api/namespaces';
import { ProblemError } from '../../api/problem';
import type { NamespaceView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { EnvTag } from '../../ui/EnvTag';
import { TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { tell } from '../../ui/Toast';

export function DeleteNamespaceDialog({
  namespace,
  onClose,
}: {
  namespace: NamespaceView;
  onClose: () => void;
}) {
  const t = useT();
  const words = t.entries.settings;
  const navigate = useNavigate();
  const { environment: env, name: ns } = namespace;
  const environment = useEnvironment(env);
  const { data: instances } = useInstanceCount(env, [ns]);
  const end = useDeleteNamespace({ env, ns }, () => {
    tell(words.deleted(ns));
    // Its history is the way to bring it back.
    void navigate({ to: '/e/$env/n/$ns/history', params: { env, ns } });
  });
  const [typed, setTyped] = useState('');
  const [message, setMessage] = useState('');
  const wantsMessage = environment?.protected === true;
  const ready = typed === ns && !(wantsMessage && message.trim() === '');
  const heading = useId();
  // The server knows what else would be touched; it tells when the deletion is asked for the first time.
  const impact =
    end.error instanceof ProblemError && end.error.code === 'confirmation_required'
      ? (end.error.problem.impact ?? null)
      : null;

  const submit = () => {
    if (!ready || end.isPending) return;
    end.mutate({ message, confirmed: impact !== null });
  };

  return (
    <Dialog title={words.deleteTitle(ns, env)} grave={environment?.tier === 'prod'} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button kind="danger" type="submit" busy={end.isPending} disabled={!ready}>
              {impact ? words.deleteAll : words.delete}
            </Button>
          </>
        }
      >
        <div>
          <EnvTag name={env} tier={environment?.tier} />
        </div>
        <section aria-labelledby={heading}>
          <h3 id={heading}>{words.impact}</h3>
          <ul>
            <li>
              {t.common.entries(impact?.entries ?? namespace.entries)} · {t.common.bytes(namespace.bytes)}
            </li>
            {instances && (
              <li>
                {instances.count === 0
                  ? words.noInstances
                  : words.instances(`${instances.count}${instances.more ? '+' : ''}`)}
              </li>
            )}
            {impact?.drafts ? <li>{words.drafts(impact.drafts)}</li> : null}
          </ul>
        </section>
        <p>{words.deleteHint}</p>
        <TextField
          label={wantsMessage ? t.common.message : t.common.noted(t.common.message, t.common.optional)}
          help={words.messageHelp}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
          required={wantsMessage}
        />
        <TextField
          label={words.typeName(ns)}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
        {impact && <Banner tone="warn">{words.again(ns)}</Banner>}
        {end.error && !impact && <ErrorView error={end.error} />}
      </Form>
    </Dialog>
  );
}
