// Freezes an environment with a reason, or lets publishes in again.
import { useState } from 'react';
import { useFreeze, useUnfreeze } from '../../api/environments';
import type { EnvironmentView } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextArea, TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { tell } from '../../ui/Toast';

export function FreezeDialog({
  environment: { name, tier, frozen },
  onClose,
}: {
  environment: EnvironmentView;
  onClose: () => void;
}) {
  const t = useT();
  const freeze = useFreeze();
  const unfreeze = useUnfreeze();
  // Freezing changes what is shown before the dialog is gone.
  const [wasFrozen] = useState(frozen);
  const [words, setWords] = useState('');
  const [tried, setTried] = useState(false);
  const missing = !wasFrozen && words.trim() === '';
  const submit = () => {
    setTried(true);
    if (missing) return;
    const done = (said: string) => ({
      onSuccess: () => {
        tell(said);
        onClose();
      },
    });
    if (wasFrozen) unfreeze.mutate({ name, message: words.trim() }, done(t.environments.isOpen(name)));
    else freeze.mutate({ name, reason: words.trim() }, done(t.environments.isFrozen(name)));
  };
  const error = freeze.error ?? unfreeze.error;
  return (
    <Dialog
      title={wasFrozen ? t.environments.unfreezeTitle(name) : t.environments.freezeTitle(name)}
      grave={tier === 'prod'}
      onClose={onClose}
    >
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={freeze.isPending || unfreeze.isPending}>
              {wasFrozen ? t.environments.unfreeze : t.environments.freeze}
            </Button>
          </>
        }
      >
        {wasFrozen ? (
          <>
            <p>{t.environments.unfreezeHint}</p>
            <blockquote>{t.environments.frozenBy(wasFrozen.by, wasFrozen.reason)}</blockquote>
            <TextField
              label={t.common.noted(t.environments.message, t.common.optional)}
              help={t.environments.messageHelp}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </>
        ) : (
          <>
            <p>{t.environments.freezeHint}</p>
            <TextArea
              label={t.environments.reason}
              help={t.environments.reasonHelp}
              problem={tried && missing ? t.environments.reasonMissing : fieldProblem(error, 'reason')}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </>
        )}
        {error && <ErrorView error={error} shown={['reason']} />}
      </Form>
    </Dialog>
  );
}
