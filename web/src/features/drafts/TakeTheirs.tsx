// Gives up my change for what is live, after asking.
import { useState } from 'react';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { useGrave } from './useGrave';

export function TakeTheirs({
  name,
  label,
  busy,
  onTheirs,
}: {
  name: string;
  label: string;
  busy: boolean;
  onTheirs: () => Promise<unknown>;
}) {
  const t = useT();
  const words = t.drafts.edit;
  const grave = useGrave();
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
          grave={grave}
          onConfirm={onTheirs}
          onClose={() => setAsking(false)}
        >
          <p>{words.discardAsk}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
