// ComparePage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function ComparePage() {
  const t = useT();
  return (
    <Page title={t.compare.title} tab={[t.compare.title]}>
      {null}
    </Page>
  );
}
