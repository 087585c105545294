// Replaces a token by a new one of the same scope; the old one goes on for a while.
import { useState } from 'react';
import type { TokenView } from '../../api/schema';
import { useRotateToken } from '../../api/tokens';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Select } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { SecretDialog } from './SecretDialog';

const OVERLAPS = [0, 3600, 86_400, 604_800] as const;

export function RotateDialog({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const t = useT();
  const rotate = useRotateToken();
  const [overlap, setOverlap] = useState<number>(3600);
  if (rotate.data) return <SecretDialog name={token.name} secret={rotate.data.token} onClose={onClose} />;
  return (
    <Dialog title={t.tokens.rotateTitle(token.name)} onClose={onClose}>
      <Form
        onSubmit={() => rotate.mutate({ id: token.id, overlap })}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={rotate.isPending}>
              {t.tokens.rotate}
            </Button>
          </>
        }
      >
        <p>{t.tokens.rotateHint}</p>
        <Select
          label={t.tokens.overlap}
          value={overlap}
          onChange={(event) => setOverlap(Number(event.target.value))}
        >
          {OVERLAPS.map((seconds) => (
            <option key={seconds} value={seconds}>
              {t.tokens.overlaps[seconds]}
            </option>
          ))}
        </Select>
        {rotate.error && <ErrorView error={rotate.error} />}
      </Form>
    </Dialog>
  );
}
