// HomePage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function HomePage() {
  const t = useT();
  return (
    <Page title={t.home.title} tab={[t.home.title]}>
      {null}
    </Page>
  );
}
