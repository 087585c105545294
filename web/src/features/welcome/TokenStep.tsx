// The token of the first program. It is nowhere but on this page, and leaves with it.
import { KeyRound } from 'lucide-react';
import { useCreateToken } from '../../api/tokens';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { CopyButton } from '../../ui/CopyButton';
import { Step } from './Step';
import styles from './TokenStep.module.css';
import { type First, MESSAGE } from './useFirst';

export interface Token {
  id: string;
  token: string;
}

export function TokenStep({
  first: { env = '', ns = '' },
  token,
  onMade,
}: {
  first: First;
  token: Token | null;
  onMade: (token: Token) => void;
}) {
  const t = useT().welcome;
  const make = useCreateToken();
  const body = {
    name: `${MESSAGE}: ${env}/${ns}`,
    expires_in_days: 30,
    // It may read the namespace, and report as an instance of it.
    scope: [{ role: 'agent' as const, environment: env, namespace: ns }],
  };
  return (
    <Step title={t.token} hint={t.tokenHint(env, ns)} isDone={token !== null}>
      {make.error && <ErrorView error={make.error} />}
      {token === null ? (
        <div>
          <Button
            kind="primary"
            icon={<KeyRound aria-hidden />}
            busy={make.isPending}
            onClick={() => make.mutate(body, { onSuccess: onMade })}
          >
            {t.makeToken}
          </Button>
        </div>
      ) : (
        <>
          <div className={styles.token}>
            <code>{token.token}</code>
            <CopyButton text={token.token} />
          </div>
          <p className={styles.once}>{t.tokenOnce}</p>
        </>
      )}
    </Step>
  );
}
