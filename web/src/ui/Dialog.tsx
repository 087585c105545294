// A modal dialog on the native element, which keeps the focus inside and gives it back.
import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useT } from '../i18n';
import { Button } from './Button';
import { classes } from './classes';
import styles from './Dialog.module.css';

interface DialogProps {
  title: ReactNode;
  /** Set while it concerns production: its frame then says so. */
  grave?: boolean;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Open as long as it is rendered. */
export function Dialog({ title, grave, wide, onClose, children }: DialogProps) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before its element is gone, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) {
      element.showModal();
      // A form begins with its first field, not with the button that closes it.
      element.querySelector<HTMLElement>('form :is(input, textarea, select)')?.focus();
    }
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={classes(styles.dialog, grave && styles.grave, wide && styles.wide)}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className={styles.head}>
        <h2 id={heading}>{title}</h2>
        <Button kind="quiet" small icon={<X aria-hidden />} aria-label={t.common.close} onClick={onClose} />
      </header>
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}
