// Creates a namespace.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { usePutNamespace } from '../../api/namespaces';
import { codeOf } from '../../api/problem';
import { ErrorView } from '../../app/ErrorView';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { EnvTag } from '../../ui/EnvTag';
import { TextArea, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { tell } from '../../ui/Toast';

export function NewNamespaceDialog({ env, onClose }: { env: string; onClose: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const environment = useEnvironment(env);
  const put = usePutNamespace(env);
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [message, setMessage] = useState('');
  const [tried, setTried] = useState(false);
  const taken = codeOf(put.error) === 'already_exists' || codeOf(put.error) === 'precondition_failed';
  const wantsMessage = environment?.protected === true;

  const submit = () => {
    setTried(true);
    if (!isName(name) || (wantsMessage && message.trim() === '') || put.isPending) return;
    put.mutate(
      { name, description, message, isNew: true },
      {
        onSuccess: () => {
          tell(t.entries.namespaces.created(name));
          void navigate({ to: '/e/$env/n/$ns', params: { env, ns: name } });
        },
      },
    );
  };

  return (
    <Dialog title={t.entries.namespaces.create} grave={environment?.tier === 'prod'} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button kind="primary" type="submit" busy={put.isPending}>
              {t.common.create}
            </Button>
          </>
        }
      >
        <div>
          <EnvTag name={env} tier={environment?.tier} />
        </div>
        <TextField
          label={t.common.name}
          help={t.entries.namespaces.nameHelp}
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={
            tried && !isName(name) ? t.entries.namespaces.nameBad : taken ? t.entries.namespaces.taken : null
          }
          autoComplete="off"
          spellCheck={false}
          required
        />
        <TextArea
          label={t.common.noted(t.common.description, t.common.optional)}
          help={t.entries.namespaces.descriptionHelp}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          rows={2}
        />
        <TextField
          label={wantsMessage ? t.common.message : t.common.noted(t.common.message, t.common.optional)}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
          problem={tried && wantsMessage && message.trim() === '' ? t.problems.codes.message_required : null}
          required={wantsMessage}
        />
        {put.error && !taken && <ErrorView error={put.error} />}
      </Form>
    </Dialog>
  );
}
