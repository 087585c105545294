// Whether what was typed is safe: saved since when, on its way, or not, and why.
import { inWords } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { useSaid } from '../../ui/Announcer';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { Time } from '../../ui/Time';
import type { SaveState } from './autosave';
import styles from './SaveStatus.module.css';
import { EditedElsewhere } from './useEditing';

export function SaveStatus({
  state,
  updated,
  onRetry,
}: {
  state: SaveState;
  /** When the change was saved before this page was opened. */
  updated: string | undefined;
  onRetry: () => void;
}) {
  const t = useT();
  const words = t.drafts.edit;
  const saved =
    state.kind === 'saved' ? state.at.toISOString() : state.kind === 'clean' ? updated : undefined;
  const failed =
    state.kind === 'failed'
      ? words.failed(state.error instanceof EditedElsewhere ? t.drafts.both.title : inWords(state.error, t))
      : null;
  // Saving comes and goes with the typing: what is said is that it works, or does not.
  useSaid(failed ?? (state.kind === 'saved' ? words.kept : null));
  return (
    <span className={styles.status}>
      <span>
        {state.kind === 'clean' && !saved && words.clean}
        {state.kind === 'waiting' && <Badge>{words.waiting}</Badge>}
        {state.kind === 'saving' && <Badge>{words.saving}</Badge>}
        {saved && <Badge tone="good">{words.saved}</Badge>}
        {failed && <Badge tone="bad">{failed}</Badge>}
      </span>
      {saved && <Time at={saved} />}
      {state.kind === 'failed' && !(state.error instanceof EditedElsewhere) && (
        <>
          {state.again && words.again}
          <Button small onClick={onRetry}>
            {words.retry}
          </Button>
        </>
      )}
    </span>
  );
}
