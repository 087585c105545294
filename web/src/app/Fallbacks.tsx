// Pages that stand in for others: nothing at this address, or a page that cannot be shown.
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { EmptyState } from '../ui/States';
import { ErrorView } from './ErrorView';
import styles from './Fallbacks.module.css';

export function NotFound() {
  const t = useT();
  return (
    <main className={styles.alone}>
      <EmptyState alone title={t.nav.notFound} actions={<Link to="/">{t.nav.home}</Link>}>
        {t.nav.notFoundHint}
      </EmptyState>
    </main>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  // After an update of the server the files of the page before are gone.
  const outdated = /dynamically imported module|Importing a module script failed/i.test(String(error));
  if (outdated) {
    return (
      <main className={styles.alone}>
        <EmptyState
          alone
          title={t.nav.newVersion}
          actions={
            <Button kind="primary" onClick={() => window.location.reload()}>
              {t.nav.reload}
            </Button>
          }
        />
      </main>
    );
  }
  return (
    <main className={styles.alone}>
      <ErrorView error={error} retry={reset} />
    </main>
  );
}
