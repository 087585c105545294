// API tokens: one's own, and those of services for whoever operates the store.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { TokenView } from '../../api/schema';
import { useTokens } from '../../api/tokens';
import { useUsers } from '../../api/users';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Select } from '../../ui/Field';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { NewTokenDialog } from './NewTokenDialog';
import { RevokeDialog } from './RevokeDialog';
import { RotateDialog } from './RotateDialog';
import styles from './TokensPage.module.css';
import { TokenTable } from './TokenTable';

export default function TokensPage() {
  const t = useT();
  const navigate = useNavigate();
  const { user } = useSearch({ strict: false });
  const operates = useDenied('administer') === null;
  const { data: users } = useUsers(operates);
  const services = users?.filter((one) => one.kind === 'service').map((one) => one.name) ?? [];
  const tokens = useTokens(user);
  const [making, setMaking] = useState(false);
  const [rotated, setRotated] = useState<TokenView | null>(null);
  const [revoked, setRevoked] = useState<TokenView | null>(null);
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      {t.tokens.add}
    </Button>
  );
  return (
    <Page
      title={t.tokens.title}
      tab={user === undefined ? [t.tokens.title] : [user, t.tokens.title]}
      lead={user === undefined ? t.tokens.lead : t.tokens.leadOf(user)}
      actions={add}
    >
      {operates && (services.length > 0 || user !== undefined) && (
        <div className={styles.whose}>
          <Select
            label={t.tokens.whose}
            value={user ?? ''}
            onChange={(event) =>
              void navigate({ to: '/tokens', search: { user: event.target.value || undefined } })
            }
          >
            <option value="">{t.tokens.mine}</option>
            {[...new Set([...services, ...(user === undefined ? [] : [user])])].map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        </div>
      )}
      <Loaded query={tokens}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title={t.tokens.none} actions={add}>
              {t.tokens.noneHint}
            </EmptyState>
          ) : (
            <>
              <p>{t.tokens.count(list.length)}</p>
              <TokenTable tokens={list} onRotate={setRotated} onRevoke={setRevoked} />
            </>
          )
        }
      </Loaded>
      {user === undefined && (
        <p className={styles.hint}>
          {t.tokens.logins} <Link to="/account">{t.account.title}</Link>
        </p>
      )}
      {making && <NewTokenDialog user={user} onClose={() => setMaking(false)} />}
      {rotated && <RotateDialog token={rotated} onClose={() => setRotated(null)} />}
      {revoked && <RevokeDialog token={revoked} onClose={() => setRevoked(null)} />}
    </Page>
  );
}
