// AuditPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function AuditPage() {
  const t = useT();
  return (
    <Page title={t.audit.title} tab={[t.audit.title]}>
      {null}
    </Page>
  );
}
