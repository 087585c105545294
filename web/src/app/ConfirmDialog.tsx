// Asks before something is done that takes something away, and shows what went wrong with it.
import { type ReactNode, useState } from 'react';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { TextField } from '../ui/Field';
import { Form } from '../ui/Form';
import { ErrorView } from './ErrorView';

export function ConfirmDialog({
  title,
  action,
  typed,
  grave,
  onConfirm,
  onClose,
  explain,
  children,
}: {
  title: string;
  /** What the button says. */
  action: string;
  /** What must be typed before. */
  typed?: string;
  grave?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  /** Words about an error, beside those of the server. */
  explain?: (error: unknown) => ReactNode;
  children: ReactNode;
}) {
  const t = useT();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} grave={grave ?? false} onClose={onClose}>
      <Form
        onSubmit={() => void confirm()}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="danger" busy={busy} disabled={typed !== undefined && text !== typed}>
              {action}
            </Button>
          </>
        }
      >
        {children}
        {typed !== undefined && (
          <TextField
            label={t.common.typeName(typed)}
            value={text}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        )}
        {error != null && <ErrorView error={error}>{explain?.(error)}</ErrorView>}
      </Form>
    </Dialog>
  );
}
