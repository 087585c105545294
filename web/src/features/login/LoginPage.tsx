// Logging in: at a provider, or with name and password. Whoever is logged in goes on.
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';
import { base } from '../../api/client';
import { meQuery } from '../../api/me';
import { codeOf } from '../../api/problem';
import { useProviders } from '../../api/providers';
import { providerLogin } from '../../api/sessions';
import { ErrorView } from '../../app/ErrorView';
import { queries } from '../../app/queries';
import { useT } from '../../i18n';
import { Skeleton } from '../../ui/States';
import { Alone } from './Alone';
import styles from './LoginPage.module.css';
import { safeNext } from './next';
import { PasswordForm } from './PasswordForm';

export default function LoginPage() {
  const t = useT();
  const router = useRouter();
  const next = safeNext(useSearch({ strict: false }).next);
  // What was known of the one before is not what this one may see.
  const me = useQuery({ ...meQuery, staleTime: 0, gcTime: 0 });
  const providers = useProviders();

  const goOn = useCallback(() => {
    queries.clear();
    router.history.replace(base + (next ?? '/'));
  }, [router, next]);
  useEffect(() => {
    if (me.isSuccess) goOn();
  }, [me.isSuccess, goOn]);

  const unknown = me.isPending || me.isSuccess;
  const failed = me.error && codeOf(me.error) !== 'unauthenticated' ? me.error : providers.error;
  const names = providers.data ?? [];
  return (
    <Alone title={t.login.title}>
      {unknown ? (
        <Skeleton label={t.common.loading} />
      ) : (
        <div id="login" className={styles.login}>
          {failed && <ErrorView error={failed} retry={() => void me.refetch()} />}
          <div id="providers" className={styles.providers} hidden={names.length === 0}>
            {names.map(({ name }) => (
              <a key={name} href={providerLogin(name, next)} className={styles.provider}>
                {t.login.with(name)}
              </a>
            ))}
          </div>
          {names.length > 0 && <p className={styles.or}>{t.login.or}</p>}
          <PasswordForm onDone={goOn} />
        </div>
      )}
    </Alone>
  );
}
