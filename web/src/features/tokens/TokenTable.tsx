// Tokens without their secrets: what for, what they may do, and until when.
import type { TokenView } from '../../api/schema';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import { ScopeWords } from './ScopeWords';
import { endsSoon } from './scope';
import styles from './TokensPage.module.css';

interface TokenTableProps {
  tokens: TokenView[];
  onRotate: (token: TokenView) => void;
  onRevoke: (token: TokenView) => void;
}

export function TokenTable({ tokens, onRotate, onRevoke }: TokenTableProps) {
  const t = useT();
  return (
    <DataTable
      label={t.tokens.title}
      rows={tokens}
      rowKey={(token) => token.id}
      columns={[
        { head: t.common.name, cell: (token) => <strong>{token.name}</strong> },
        { head: t.tokens.scope, cell: (token) => <ScopeWords scope={token.scope} /> },
        { head: t.tokens.created, cell: (token) => <Time at={token.created_at} /> },
        {
          head: t.tokens.used,
          cell: (token) => (token.last_used_at ? <Time at={token.last_used_at} /> : t.tokens.never),
        },
        {
          head: t.tokens.ends,
          cell: (token) =>
            token.expires_at ? (
              <span className={styles.ends}>
                <Time at={token.expires_at} />
                {endsSoon(token.expires_at, Date.now()) && <Badge tone="warn">{t.tokens.soon}</Badge>}
              </span>
            ) : (
              t.tokens.noEnd
            ),
        },
        {
          head: t.common.actions,
          bare: true,
          cell: (token) => (
            <span className={styles.buttons}>
              <Button small onClick={() => onRotate(token)}>
                {t.tokens.rotate}
              </Button>
              <Button small onClick={() => onRevoke(token)}>
                {t.tokens.revoke}
              </Button>
            </span>
          ),
        },
      ]}
    />
  );
}
