// What one can do with a change: review it with the others, or throw it away.
import { useState } from 'react';
import type { Scope } from '../../api/keys';
import type { EntryView } from '../../api/schema';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import { ConfirmDialog } from './ConfirmDialog';

export function EditActions({
  scope,
  name,
  live,
  count,
  edited,
  busy,
  onReview,
  onDiscard,
}: {
  scope: Scope;
  name: string;
  live: EntryView | null;
  /** How many changes the draft has. */
  count: number;
  edited: boolean;
  busy: boolean;
  onReview: () => void;
  onDiscard: () => Promise<void>;
}) {
  const t = useT();
  const words = t.drafts.edit;
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        kind="primary"
        disabled={count === 0 && !edited}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        onClick={onReview}
      >
        {count === 0 ? words.review : words.reviewCount(count)}
      </Button>
      <Button disabled={!edited} onClick={() => setAsking(true)}>
        {words.discard}
      </Button>
      {live && (
        <ButtonLink to="/e/$env/n/$ns/k/$" params={{ ...scope, _splat: name }}>
          {words.back}
        </ButtonLink>
      )}
      {asking && (
        <ConfirmDialog
          title={words.discardTitle(name)}
          action={words.discard}
          busy={busy}
          onConfirm={() => void onDiscard().then(() => setAsking(false))}
          onClose={() => setAsking(false)}
        >
          <p>{words.discardAsk}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
