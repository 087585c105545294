// The ways back from a revision.
import { RotateCcw, Undo2 } from 'lucide-react';
import type { RevisionView } from '../../api/schema';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui/ButtonLink';
import { revertPlace, rollbackPlace } from './places';

interface RevisionActionsProps {
  revision: RevisionView;
  /** The history that is looked at. */
  env?: string | undefined;
  namespace?: string | undefined;
  entry?: string | undefined;
  /** It is what is there now. */
  current?: boolean;
  small?: boolean;
}

export function RevisionActions(props: RevisionActionsProps) {
  const { revision, env, namespace, entry, current = false, small = false } = props;
  const t = useT();
  const back = current ? null : rollbackPlace(revision, env, namespace);
  const undo = revertPlace(revision);
  const backDenied = useDenied('rollback', { ...back, ...(entry !== undefined && { key: entry }) });
  const undoDenied = useDenied('rollback', undo ?? {});
  const number = String(revision.revision);
  return (
    <>
      {back && (
        <ButtonLink
          small={small}
          icon={<RotateCcw aria-hidden />}
          denied={backDenied}
          to="/e/$env/n/$ns/rollback"
          params={back}
          search={{ to: number, key: entry }}
        >
          {t.history.rollBack}
        </ButtonLink>
      )}
      {undo && (
        <ButtonLink
          small={small}
          icon={<Undo2 aria-hidden />}
          denied={undoDenied}
          to="/e/$env/n/$ns/rollback"
          params={undo}
          search={{ revert: number }}
        >
          {t.history.revert}
        </ButtonLink>
      )}
    </>
  );
}
