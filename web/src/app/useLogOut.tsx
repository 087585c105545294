// The way out. As long as the server did not end the session, one is not out, and is told so.
import { useNavigate } from '@tanstack/react-router';
import { logOut } from '../api/me';
import { codeOf } from '../api/problem';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { tell } from '../ui/Toast';
import { inWords } from './ErrorView';
import { queries } from './queries';

export function useLogOut(): () => void {
  const t = useT();
  const navigate = useNavigate();
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      // Whoever is out already need not be told.
      if (codeOf(error) !== 'unauthenticated') return refused(error);
    }
    queries.clear();
    await navigate({ to: '/login' });
  };
  const refused = (error: unknown) => {
    const close = tell(
      <>
        <p>
          {t.nav.logoutFailed} {inWords(error, t)}
        </p>
        <Button
          small
          onClick={() => {
            close();
            void leave();
          }}
        >
          {t.common.retry}
        </Button>
      </>,
      'bad',
    );
  };
  return () => void leave();
}
