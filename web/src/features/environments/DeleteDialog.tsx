// Deletes an environment that has no namespaces any more; else says what is in the way.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useDeleteEnvironment } from '../../api/environments';
import { useNamespaces } from '../../api/namespaces';
import type { EnvironmentView } from '../../api/schema';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { tell } from '../../ui/Toast';

interface DeleteDialogProps {
  environment: EnvironmentView;
  onClose: () => void;
}

export function DeleteDialog({ environment, onClose }: DeleteDialogProps) {
  const t = useT();
  const { name: env, tier } = environment;
  const namespaces = useNamespaces(env);
  const title = t.environments.deleteTitle(env);
  const left = namespaces.data?.namespaces.length;
  if (left === 0) return <Confirm environment={environment} onClose={onClose} />;
  return (
    <Dialog title={title} grave={tier === 'prod'} onClose={onClose}>
      <Loaded query={namespaces}>
        {() => (
          <>
            <p>{t.environments.deleteHint}</p>
            <Banner tone="warn">{t.environments.deleteFull(left ?? 0)}</Banner>
            <Link to="/e/$env" params={{ env }}>
              {t.environments.toNamespaces}
            </Link>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function Confirm({ environment: { name, tier, revision, protected: kept }, onClose }: DeleteDialogProps) {
  const t = useT();
  const remove = useDeleteEnvironment();
  const [message, setMessage] = useState('');
  return (
    <ConfirmDialog
      title={t.environments.deleteTitle(name)}
      action={t.environments.delete}
      typed={name}
      grave={tier === 'prod'}
      onClose={onClose}
      onConfirm={async () => {
        await remove.mutateAsync({ name, revision, message: message.trim() });
        tell(t.environments.deleted(name));
      }}
    >
      <p>{t.environments.deleteHint}</p>
      <TextField
        label={kept ? t.environments.message : t.common.noted(t.environments.message, t.common.optional)}
        help={t.environments.messageHelp}
        value={message}
        onChange={(event) => setMessage(event.target.value)}
      />
    </ConfirmDialog>
  );
}
