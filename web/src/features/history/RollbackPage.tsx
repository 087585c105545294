// RollbackPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function RollbackPage() {
  const t = useT();
  return (
    <Page title={t.history.title} tab={[t.history.title]}>
      {null}
    </Page>
  );
}
