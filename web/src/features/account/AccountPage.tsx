// AccountPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function AccountPage() {
  const t = useT();
  return (
    <Page title={t.account.title} tab={[t.account.title]}>
      {null}
    </Page>
  );
}
