// From an empty install to a program that prints a value, one click each.
import { useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';
import { Skeleton } from '../../ui/States';
import { ProgramStep } from './ProgramStep';
import { EntryStep, EnvironmentStep, NamespaceStep } from './Steps';
import { type Token, TokenStep } from './TokenStep';
import { useFirst } from './useFirst';
import styles from './WelcomePage.module.css';

export default function WelcomePage() {
  const t = useT();
  const { first, error } = useFirst();
  const search = useSearch({ strict: false });
  const [token, setToken] = useState<(Token & { of: string }) | null>(null);
  const { env, ns, key } = first ?? {};
  const of = `${env}/${ns}`;

  // The address says what is looked at, so that the tab's stream watches its environment.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a difference is followed
  useEffect(() => {
    if (first && env !== undefined && search.env !== env) first.choose({});
  }, [env, search.env]);

  return (
    <Page title={t.welcome.title} tab={[t.welcome.title]} lead={t.welcome.lead}>
      {error != null && <ErrorView error={error} />}
      {!first && error == null && <Skeleton label={t.common.loading} />}
      {first && (
        <ol className={styles.steps}>
          <EnvironmentStep first={first} />
          <NamespaceStep first={first} />
          <EntryStep first={first} />
          {key !== undefined && (
            <>
              <TokenStep
                first={first}
                token={token?.of === of ? token : null}
                onMade={(made) => setToken({ ...made, of })}
              />
              <ProgramStep first={first} token={token?.of === of ? token : null} />
            </>
          )}
        </ol>
      )}
    </Page>
  );
}
