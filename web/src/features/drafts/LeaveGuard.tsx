// Nobody leaves with unsaved text unasked: it is saved first, and only when that fails somebody has to decide.
import { useBlocker } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { useSaves } from '../../app/unsaved';
import { useT } from '../../i18n';
import type { Autosave } from './autosave';
import { useGrave } from './useGrave';

export function LeaveGuard<T>({ autosave }: { autosave: Autosave<T> }) {
  const t = useT();
  const grave = useGrave();
  const words = t.drafts.edit;
  const saved = async () => !autosave.unsaved || autosave.now();
  useSaves(saved);
  const blocker = useBlocker({
    shouldBlockFn: async () => !(await saved()),
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
      grave={grave}
      onConfirm={async () => blocker.proceed()}
      onClose={blocker.reset}
    >
      <p>{words.unsavedAsk}</p>
    </ConfirmDialog>
  );
}
