// EditPage.
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';

export default function EditPage() {
  const t = useT();
  return (
    <Page title={t.drafts.title} tab={[t.drafts.title]}>
      {null}
    </Page>
  );
}
