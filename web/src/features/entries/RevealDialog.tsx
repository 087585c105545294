// Asks before plaintext is shown: it is written to the audit.
import { useMutation } from '@tanstack/react-query';
import { reveal } from '../../api/entries';
import type { Scope } from '../../api/keys';
import type { EntryView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './RevealDialog.module.css';

interface RevealDialogProps {
  scope: Scope;
  name: string;
  at: string | undefined;
  onRevealed: (entry: EntryView) => void;
  onClose: () => void;
}

export function RevealDialog({ scope, name, at, onRevealed, onClose }: RevealDialogProps) {
  const t = useT();
  const words = t.entries.entry;
  const grave = useEnvironment(scope.env)?.tier === 'prod';
  const asked = useMutation({
    mutationFn: () => reveal(scope, name, at),
    // Plaintext stays in the page that asked for it, and nowhere else.
    gcTime: 0,
    onSuccess: (entry) => {
      onRevealed(entry);
      onClose();
    },
  });
  return (
    <Dialog title={words.revealTitle(name)} grave={grave} onClose={onClose}>
      <p>{words.revealAsk}</p>
      {asked.error && <ErrorView error={asked.error} />}
      <div className={styles.actions}>
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button kind="primary" busy={asked.isPending} onClick={() => asked.mutate()}>
          {words.revealDo}
        </Button>
      </div>
    </Dialog>
  );
}
