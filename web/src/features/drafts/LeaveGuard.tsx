// Nobody leaves with unsaved text unasked: it is saved first, and only when that fails somebody has to decide.
import { useBlocker } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useT } from '../../i18n';
import type { Autosave } from './autosave';
import { ConfirmDialog } from './ConfirmDialog';

export function LeaveGuard<T>({ autosave }: { autosave: Autosave<T> }) {
  const t = useT();
  const words = t.drafts.edit;
  const blocker = useBlocker({
    shouldBlockFn: async () => autosave.unsaved && !(await autosave.now()),
    enableBeforeUnload: () => autosave.unsaved,
    withResolver: true,
  });
  useEffect(() => {
    // A page that is put aside may never come back.
    const hide = () => {
      if (document.hidden && autosave.unsaved) void autosave.now();
    };
    document.addEventListener('visibilitychange', hide);
    return () => document.removeEventListener('visibilitychange', hide);
  }, [autosave]);
  if (blocker.status !== 'blocked') return null;
  return (
    <ConfirmDialog
      title={words.unsavedTitle}
      action={words.leave}
      cancel={words.stay}
      onConfirm={blocker.proceed}
      onClose={blocker.reset}
    >
      <p>{words.unsavedAsk}</p>
    </ConfirmDialog>
  );
}
