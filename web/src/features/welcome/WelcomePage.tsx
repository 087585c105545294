// WelcomePage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function WelcomePage() {
  const t = useT();
  return (
    <Page title={t.welcome.title} tab={[t.welcome.title]}>
      {null}
    </Page>
  );
}
