// NamespaceSettingsPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function NamespaceSettingsPage() {
  const t = useT();
  return (
    <Page title={t.entries.title} tab={[t.entries.title]}>
      {null}
    </Page>
  );
}
