// LoginPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function LoginPage() {
  const t = useT();
  return (
    <Page title={t.login.title} tab={[t.login.title]}>
      {null}
    </Page>
  );
}
