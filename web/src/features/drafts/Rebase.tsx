// Live moved under a change of the draft: both texts and what they make together, and every way out of it.
import { useEffect, useRef, useState } from 'react';
import { useRereadDraft } from '../../api/drafts';
import type { Scope } from '../../api/keys';
import type { DraftChangeView, EntryView } from '../../api/schema';
import { ThreeTexts } from '../../editor/ThreeTexts';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Skeleton } from '../../ui/States';
import { Time } from '../../ui/Time';
import styles from './Rebase.module.css';
import { TakeTheirs } from './TakeTheirs';

interface RebaseProps {
  /** Whose draft it is. */
  scope: Scope;
  /** My change as the draft has it. */
  change: DraftChangeView;
  /** What I have now, when that is newer than what the draft has. */
  text?: string;
  /** What is live; null when there is nothing any more. */
  live: EntryView | null;
  busy: boolean;
  /** Puts a text into the draft, as an edit of what is live. */
  onText: (text: string) => void;
  /** Deletes nevertheless. */
  onDelete: () => void;
  /** Takes my change out of the draft. */
  onTheirs: () => Promise<unknown>;
  onClose?: () => void;
}

export function Rebase({
  scope,
  change,
  text,
  live,
  busy,
  onText,
  onDelete,
  onTheirs,
  onClose,
}: RebaseProps) {
  const t = useT();
  const words = t.drafts.moved;
  const merged = useRef<() => string>(() => '');
  // Nothing can be taken before it was shown.
  const [isShown, setShown] = useState(false);
  // The draft that was read before live moved does not have the text that both were made from: it is read again.
  const isKnown = change.moved === true;
  const reread = useRereadDraft(scope);
  useEffect(() => {
    if (!isKnown) void reread();
  }, [isKnown, reread]);
  const mine = text ?? change.content;
  const deletes = change.op === 'delete';
  const three = !deletes && mine != null && live?.content != null;

  const theirs = (label: string) => (
    <TakeTheirs name={change.key} label={label} busy={busy} onTheirs={onTheirs} />
  );
  const choices = () => {
    if (deletes)
      return (
        <>
          <Button kind="danger" busy={busy} onClick={onDelete}>
            {words.deleteAnyway}
          </Button>
          {theirs(words.keepLive)}
        </>
      );
    if (live === null)
      return (
        <>
          {mine != null && (
            <Button kind="primary" busy={busy} onClick={() => onText(mine)}>
              {words.again}
            </Button>
          )}
          {theirs(words.agree)}
        </>
      );
    return (
      <>
        {three && (
          <Button kind="primary" busy={busy} disabled={!isShown} onClick={() => onText(merged.current())}>
            {words.accept}
          </Button>
        )}
        {!three && mine != null && (
          <Button kind="primary" busy={busy} onClick={() => onText(mine)}>
            {words.mineAnyway}
          </Button>
        )}
        {theirs(words.theirs)}
      </>
    );
  };

  return (
    <section className={styles.rebase} aria-label={words.title(change.key)}>
      <Banner
        tone="warn"
        title={words.title(change.key)}
        actions={
          <>
            {choices()}
            {onClose && (
              <Button kind="quiet" onClick={onClose}>
                {words.later}
              </Button>
            )}
          </>
        }
      >
        {live ? (
          <>
            {words.live(t.common.revisionNumber(live.revision), live.actor)} (<Time at={live.at} />
            ). {change.if_revision === 0 && words.created}
          </>
        ) : (
          words.gone
        )}
        <p>{three ? words.words : !deletes && live !== null && words.noText}</p>
      </Banner>
      {three && !isKnown && <Skeleton label={t.common.loading} lines={12} />}
      {three && isKnown && (
        <ThreeTexts
          base={change.base?.content ?? (change.if_revision === 0 ? '' : null)}
          theirs={live.content ?? ''}
          mine={mine}
          format={change.format ?? live.format}
          labels={{
            theirs: `${t.editor.three.theirs} (${t.common.revisionNumber(live.revision)}, ${live.actor})`,
            mine: t.editor.three.mine,
          }}
          onMerged={(read) => {
            merged.current = read;
            setShown(true);
          }}
        />
      )}
    </section>
  );
}
