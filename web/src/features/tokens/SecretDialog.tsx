// The secret of a new token, shown this once.
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ShownOnce } from '../../ui/ShownOnce';

export function SecretDialog({
  name,
  secret,
  onClose,
}: {
  name: string;
  secret: string;
  onClose: () => void;
}) {
  const t = useT();
  return (
    <Dialog title={t.tokens.made(name)} onClose={onClose}>
      <ShownOnce warning={t.tokens.once} text={secret} />
      <p>
        {t.tokens.onceHint} <code>PINTLE_TOKEN</code>
      </p>
      <div>
        <Button kind="primary" onClick={onClose}>
          {t.common.close}
        </Button>
      </div>
    </Dialog>
  );
}
