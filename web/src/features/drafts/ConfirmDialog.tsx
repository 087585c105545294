// Asks before something of a draft is thrown away.
import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './ConfirmDialog.module.css';

export function ConfirmDialog({
  title,
  action,
  busy,
  cancel,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** What the button says. */
  action: string;
  busy?: boolean;
  /** What the other button says, when it is not to cancel. */
  cancel?: string;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const t = useT();
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div className={styles.actions}>
        <Button onClick={onClose}>{cancel ?? t.common.cancel}</Button>
        <Button kind="danger" busy={busy ?? false} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
