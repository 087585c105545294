// TokensPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function TokensPage() {
  const t = useT();
  return (
    <Page title={t.tokens.title} tab={[t.tokens.title]}>
      {null}
    </Page>
  );
}
