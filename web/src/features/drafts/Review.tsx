// All changes of a draft with the checks and the form that publishes exactly what is shown.
import { useQueries } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useDiscardDraft, useEditMyDraft, usePublishDraft } from '../../api/drafts';
import { entryQuery } from '../../api/entries';
import type { Scope } from '../../api/keys';
import { codeOf } from '../../api/problem';
import type { DraftChangeView, DraftView } from '../../api/schema';
import { useDraftVerdict } from '../../api/verdicts';
import { ConfirmDialog } from '../../app/ConfirmDialog';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Checks } from './Checks';
import { useChecks } from './checks';
import { PublishForm } from './PublishForm';
import styles from './Review.module.css';
import { ReviewChange } from './ReviewChange';
import { useGrave } from './useGrave';

export function Review({ scope, draft }: { scope: Scope; draft: DraftView }) {
  const t = useT();
  const words = t.drafts.review;
  const navigate = useNavigate();
  const verdict = useDraftVerdict(scope, draft);
  const publish = usePublishDraft(scope, ({ revision, changed }) =>
    navigate({
      to: '/e/$env/n/$ns/review',
      params: scope,
      search: { done: String(revision), changed: changed === 0 ? '0' : undefined },
      replace: true,
    }),
  );
  const edit = useEditMyDraft(scope);
  const discard = useDiscardDraft(scope);
  const [asking, setAsking] = useState<'discard' | DraftChangeView | null>(null);
  const lives = useQueries({
    queries: draft.changes.map((change) => entryQuery({ env: scope.env, ns: change.namespace }, change.key)),
  });
  const reviewed = draft.changes.map((change, nth) => {
    const live = lives[nth]?.data;
    const moved = change.moved || (live !== undefined && (live?.revision ?? 0) !== change.if_revision);
    return { change, live, moved };
  });
  const checks = useChecks(scope, draft, reviewed, verdict);
  const shown = lives.every((one) => one.data !== undefined);
  const refused = codeOf(publish.error);

  const grave = useGrave();

  // The button is at the end of the page, and what it led to at its beginning.
  useEffect(() => {
    if (publish.error) window.scrollTo({ top: 0 });
  }, [publish.error]);

  return (
    <>
      {refused === 'draft_moved' && (
        <Banner tone="bad" title={t.drafts.publish.moved}>
          {t.drafts.publish.movedHint}
        </Banner>
      )}
      {refused === 'conflict' && (
        <Banner tone="bad" title={t.drafts.publish.conflict}>
          {t.drafts.publish.conflictHint}
        </Banner>
      )}
      {publish.error && refused !== 'draft_moved' && refused !== 'conflict' && (
        <ErrorView error={publish.error} />
      )}
      {edit.error && <ErrorView error={edit.error} />}
      {lives.map(
        (one, nth) =>
          one.error && (
            <ErrorView
              key={`${draft.changes[nth]?.namespace}/${draft.changes[nth]?.key}`}
              error={one.error}
              retry={() => void one.refetch()}
            />
          ),
      )}
      {reviewed.map(({ change, live, moved }) => (
        <ReviewChange
          key={`${change.namespace}/${change.key}`}
          env={scope.env}
          home={scope.ns}
          change={change}
          live={live}
          moved={moved}
          busy={edit.isPending}
          onDrop={() => setAsking(change)}
          onEdit={(patch) => edit.mutateAsync(patch).catch(() => {})}
        />
      ))}
      <p className={styles.hint}>{words.keys}</p>
      <div className={styles.end}>
        <Checks checks={checks} failed={verdict.error} retry={() => void verdict.refetch()} />
        <PublishForm
          env={scope.env}
          denied={checks.denied}
          blocked={checks.blocked}
          ready={shown && verdict.data !== undefined && !verdict.isFetching}
          busy={publish.isPending}
          onPublish={(message) => publish.mutate({ draft, message })}
        />
      </div>
      <div>
        <Button icon={<Trash2 aria-hidden />} onClick={() => setAsking('discard')}>
          {words.discard}
        </Button>
      </div>
      {asking === 'discard' && (
        <ConfirmDialog
          title={words.discardTitle}
          action={words.discard}
          grave={grave}
          onConfirm={() => discard.mutateAsync(draft)}
          onClose={() => setAsking(null)}
        >
          <p>{words.discardAsk(draft.changes.length)}</p>
        </ConfirmDialog>
      )}
      {asking !== null && asking !== 'discard' && (
        <ConfirmDialog
          title={words.dropTitle(asking.key)}
          action={words.drop}
          grave={grave}
          onConfirm={() => edit.mutateAsync({ drop: [{ namespace: asking.namespace, key: asking.key }] })}
          onClose={() => setAsking(null)}
        >
          <p>{words.dropAsk}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
