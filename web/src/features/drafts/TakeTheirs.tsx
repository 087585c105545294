// Gives up my change for what is live, after asking.
import { useState } from 'react';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { ConfirmDialog } from './ConfirmDialog';

export function TakeTheirs({
  name,
  label,
  busy,
  onTheirs,
}: {
  name: string;
  label: string;
  busy: boolean;
  onTheirs: () => void;
}) {
  const t = useT();
  const words = t.drafts.edit;
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button busy={busy} onClick={() => setAsking(true)}>
        {label}
      </Button>
      {asking && (
        <ConfirmDialog
          title={words.discardTitle(name)}
          action={words.discard}
          busy={busy}
          onConfirm={() => {
            setAsking(false);
            onTheirs();
          }}
          onClose={() => setAsking(false)}
        >
          <p>{words.discardAsk}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
