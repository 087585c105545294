// The way out. As long as the server did not end the session, one is not out, and is told so.
import { useNavigate } from '@tanstack/react-router';
import { logOut, meQuery } from '../api/me';
import { codeOf } from '../api/problem';
import { useT } from '../i18n';
import { Button } from '../ui/Button';
import { tell } from '../ui/Toast';
import { inWords } from './ErrorView';
import { queries } from './queries';
import { saveUnsaved } from './unsaved';

export function useLogOut(): () => void {
  const t = useT();
  const navigate = useNavigate();
  const leave = async () => {
    if (!(await saveUnsaved())) return refused(t.nav.logoutUnsaved);
    try {
      await logOut();
    } catch (error) {
      // Whoever is out already need not be told.
      if (codeOf(error) !== 'unauthenticated') return refused(inWords(error, t));
    }
    // Whom the login page finds here it sends back.
    queries.removeQueries({ queryKey: meQuery.queryKey });
    await navigate({ to: '/login' });
    // Only now, as what is still shown would be read again; what the login page asks for stays.
    queries.removeQueries({ type: 'inactive' });
  };
  const refused = (why: string) => {
    const close = tell(
      <>
        <p>
          {t.nav.logoutFailed} {why}
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
