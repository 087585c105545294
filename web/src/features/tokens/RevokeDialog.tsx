// Ends a token.
import type { TokenView } from '../../api/schema';
import { useRevokeToken } from '../../api/tokens';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { useT } from '../../i18n';
import { Time } from '../../ui/Time';
import { tell } from '../../ui/Toast';

export function RevokeDialog({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const t = useT();
  const revoke = useRevokeToken();
  return (
    <ConfirmDialog
      title={t.tokens.revokeTitle(token.name)}
      action={t.tokens.revoke}
      onClose={onClose}
      onConfirm={async () => {
        await revoke.mutateAsync(token.id);
        tell(t.tokens.revoked(token.name));
      }}
    >
      <p>{t.tokens.revokeHint}</p>
      <p>
        {token.last_used_at ? (
          <>
            {t.tokens.lastUsed} <Time at={token.last_used_at} />
          </>
        ) : (
          t.tokens.neverUsed
        )}
      </p>
    </ConfirmDialog>
  );
}
