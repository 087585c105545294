// Live moved under what is being edited: what is there now, and the two ways on.
import type { EntryView } from '../../api/schema';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { TakeTheirs } from './TakeTheirs';

export function Moved({
  name,
  live,
  busy,
  onRebase,
  onTheirs,
}: {
  name: string;
  live: EntryView | null;
  busy: boolean;
  onRebase: () => void;
  onTheirs: () => Promise<unknown>;
}) {
  const t = useT();
  const words = t.drafts.moved;
  return (
    <Banner
      tone="warn"
      title={live ? words.live(t.common.revisionNumber(live.revision), live.actor) : words.gone}
      actions={
        <>
          <Button kind="primary" busy={busy} onClick={onRebase}>
            {words.rebase}
          </Button>
          <TakeTheirs name={name} label={words.theirs} busy={busy} onTheirs={onTheirs} />
        </>
      }
    >
      {words.hint}
    </Banner>
  );
}
