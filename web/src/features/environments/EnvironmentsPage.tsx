// EnvironmentsPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function EnvironmentsPage() {
  const t = useT();
  return (
    <Page title={t.environments.title} tab={[t.environments.title]}>
      {null}
    </Page>
  );
}
