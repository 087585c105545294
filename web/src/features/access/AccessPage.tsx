// AccessPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function AccessPage() {
  const t = useT();
  return (
    <Page title={t.access.title} tab={[t.access.title]}>
      {null}
    </Page>
  );
}
