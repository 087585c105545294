// What a namespace is for, which of its keys are secret, and its end.
import { useParams } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { NamespaceView } from '../../api/schema';
import { NamespaceGate } from '../../app/NamespaceGate';
import { NamespaceTabs } from '../../app/NamespaceTabs';
import { useDenied, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Page } from '../../ui/Page';
import { AttributesForm } from './AttributesForm';
import { DeleteNamespaceDialog } from './DeleteNamespaceDialog';
import styles from './NamespaceSettingsPage.module.css';

export default function NamespaceSettingsPage() {
  const t = useT();
  const scope = useParams({ from: '/shell/e/$env/n/$ns/settings' });
  return (
    <Page
      title={scope.ns}
      tab={[t.entries.settings.title, ...useTab(scope.env, scope.ns)]}
      tabs={<NamespaceTabs {...scope} />}
    >
      <NamespaceGate scope={scope}>
        {(namespace) => (
          <>
            <AttributesForm namespace={namespace} />
            <End namespace={namespace} />
          </>
        )}
      </NamespaceGate>
    </Page>
  );
}

function End({ namespace }: { namespace: NamespaceView }) {
  const t = useT();
  const denied = useDenied('manage', { env: namespace.environment, ns: namespace.name });
  const [deleting, setDeleting] = useState(false);
  return (
    <section className={styles.part} aria-labelledby="end">
      <h2 id="end">{t.entries.settings.delete}</h2>
      <p>{t.entries.settings.deleteHint}</p>
      <div>
        <Button icon={<Trash2 aria-hidden />} denied={denied} onClick={() => setDeleting(true)}>
          {t.entries.settings.delete}
        </Button>
      </div>
      {deleting && <DeleteNamespaceDialog namespace={namespace} onClose={() => setDeleting(false)} />}
    </section>
  );
}
