// Lets a terminal log in as the person who is logged in here, after asking.
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { meQuery } from '../../api/me';
import { codeOf } from '../../api/problem';
import { providerLogin, useLetTerminalIn } from '../../api/sessions';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { CopyButton } from '../../ui/CopyButton';
import { Skeleton } from '../../ui/States';
import { Alone } from './Alone';
import styles from './TerminalPage.module.css';
import { callback, type TerminalRequest, terminalRequest } from './terminal';

export default function TerminalPage() {
  const t = useT();
  const request = terminalRequest(useSearch({ strict: false }));
  return (
    <Alone title={t.login.terminal.title}>
      {request ? (
        <Ask request={request} />
      ) : (
        <div id="error">
          <Banner tone="bad">{t.login.terminal.incomplete}</Banner>
        </div>
      )}
    </Alone>
  );
}

function Ask({ request }: { request: TerminalRequest }) {
  const t = useT();
  const router = useRouter();
  // The address that was opened, which the login leads back to.
  const [here] = useState(router.state.location.href);
  const me = useQuery({ ...meQuery, staleTime: 0, gcTime: 0 });
  const letIn = useLetTerminalIn();
  const loggedOut = codeOf(me.error) === 'unauthenticated';
  const { provider } = request;
  useEffect(() => {
    if (!loggedOut) return;
    if (provider === undefined) void router.navigate({ to: '/login', search: { next: here }, replace: true });
    else window.location.replace(providerLogin(provider, here));
  }, [loggedOut, provider, here, router]);

  const allow = () =>
    letIn.mutate(request.challenge, {
      onSuccess: ({ code }) => {
        if (request.port !== null) window.location.replace(callback(request, code));
      },
    });

  if (me.isPending || loggedOut) return <Skeleton label={t.common.loading} />;
  const error = me.error ?? letIn.error;
  const code = letIn.data?.code;
  return (
    <>
      {error && (
        <div id="error">
          <ErrorView error={error} />
        </div>
      )}
      {me.data && code === undefined && (
        <div id="ask" className={styles.part}>
          <p>
            {t.login.terminal.asks} <strong id="user">{me.data.user}</strong>
          </p>
          <Banner tone="warn">{t.login.terminal.ask('pintle login')}</Banner>
          <Button id="allow" kind="primary" busy={letIn.isPending} onClick={allow}>
            {t.login.terminal.allow}
          </Button>
        </div>
      )}
      {code !== undefined && request.port === null && (
        <div id="code" className={styles.part}>
          <p>{t.login.terminal.copy}</p>
          <div className={styles.code}>
            <code id="text" className={styles.text}>
              {code}
            </code>
            <CopyButton text={code} />
          </div>
          <Banner tone="warn">{t.login.terminal.nobody}</Banner>
        </div>
      )}
      {code !== undefined && request.port !== null && (
        <div id="done">
          <Banner tone="good">{t.login.terminal.done}</Banner>
        </div>
      )}
    </>
  );
}
