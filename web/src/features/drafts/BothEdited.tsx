// The same entry was edited in another tab: both texts, and which of them goes on.

import { changeOf } from '../../api/drafts';
import type { DraftView } from '../../api/schema';
import { DiffView } from '../../editor/DiffView';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import type { Editing } from './useEditing';

export function BothEdited({
  draft,
  ns,
  name,
  editing,
}: {
  draft: DraftView;
  ns: string;
  name: string;
  editing: Editing;
}) {
  const t = useT();
  const words = t.drafts.both;
  return (
    <>
      <Banner
        tone="bad"
        title={words.title}
        actions={
          <>
            <Button kind="primary" onClick={() => editing.settle(draft, true)}>
              {words.useHere}
            </Button>
            <Button onClick={() => editing.settle(draft, false)}>{words.useThere}</Button>
          </>
        }
      >
        {words.hint}
      </Banner>
      <DiffView
        left={changeOf(draft, ns, name)?.content ?? ''}
        right={editing.text()}
        format={editing.shown.format}
        labels={{ left: words.there, right: words.here }}
      />
    </>
  );
}
