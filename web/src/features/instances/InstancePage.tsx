// InstancePage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function InstancePage() {
  const t = useT();
  return (
    <Page title={t.instances.title} tab={[t.instances.title]}>
      {null}
    </Page>
  );
}
