// SearchPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function SearchPage() {
  const t = useT();
  return (
    <Page title={t.search.title} tab={[t.search.title]}>
      {null}
    </Page>
  );
}
