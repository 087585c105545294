// Who one is here: rights, password, sessions, and preferences.
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../../api/me';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';
import { PasswordSection } from './PasswordSection';
import { Preferences } from './Preferences';
import { Rights } from './Rights';
import { Sessions } from './Sessions';
import { You } from './You';

export default function AccountPage() {
  const t = useT();
  const me = useQuery(meQuery);
  return (
    <Page title={t.account.title} tab={[t.account.title]}>
      <Loaded query={me}>
        {(caller) => (
          <>
            <You caller={caller} />
            <Preferences />
            <Sessions />
            {caller.kind === 'person' && caller.authenticated_by === 'session' && <PasswordSection />}
            <Rights caller={caller} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
