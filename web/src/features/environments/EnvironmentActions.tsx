// What can be done with an environment.
import { useState } from 'react';
import type { EnvironmentView } from '../../api/schema';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { DeleteDialog } from './DeleteDialog';
import { EnvironmentDialog } from './EnvironmentDialog';
import styles from './EnvironmentsPage.module.css';
import { FreezeDialog } from './FreezeDialog';

export function EnvironmentActions({ environment }: { environment: EnvironmentView }) {
  const t = useT();
  const { name: env, frozen } = environment;
  const mayNotManage = useDenied('manage', { env });
  const mayNotFreeze = useDenied('freeze', { env });
  const [open, setOpen] = useState<'edit' | 'freeze' | 'delete' | null>(null);
  const close = () => setOpen(null);
  return (
    <span className={styles.buttons}>
      <Button small denied={mayNotManage} onClick={() => setOpen('edit')}>
        {t.common.edit}
      </Button>
      <Button small denied={mayNotFreeze} onClick={() => setOpen('freeze')}>
        {frozen ? t.environments.unfreeze : t.environments.freeze}
      </Button>
      <Button small denied={mayNotManage} onClick={() => setOpen('delete')}>
        {t.environments.delete}
      </Button>
      {open === 'edit' && <EnvironmentDialog environment={environment} onClose={close} />}
      {open === 'freeze' && <FreezeDialog environment={environment} onClose={close} />}
      {open === 'delete' && <DeleteDialog environment={environment} onClose={close} />}
    </span>
  );
}
