// The editor with everything around it: whether it is saved, what is wrong with it, and what moved under it.
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Scope } from '../../api/keys';
import type { DraftView, EntryView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { useDenied, useTab } from '../../app/session';
import { useKey } from '../../app/shortcuts';
import { CodeEditor } from '../../editor/CodeEditor';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { ButtonLink } from '../../ui/ButtonLink';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { BothEdited } from './BothEdited';
import { bodyOf } from './changes';
import { EditActions } from './EditActions';
import styles from './Editing.module.css';
import { EditOptions } from './EditOptions';
import { LeaveGuard } from './LeaveGuard';
import { Moved } from './Moved';
import { Rebase } from './Rebase';
import { SaveStatus } from './SaveStatus';
import { EditedElsewhere, useEditing } from './useEditing';
import { useVerdict } from './useVerdict';

const MARKER = '__pintle_sealed_';
const WHOLE = /^__pintle_sealed_\w+__$/;

interface EditingProps {
  scope: Scope;
  name: string;
  live: EntryView | null;
  draft: DraftView | null;
  isNew: boolean;
}

export function Editing({ scope, name, live, draft, isNew }: EditingProps) {
  const t = useT();
  const words = t.drafts.edit;
  const navigate = useNavigate();
  const place = { ...scope, key: name };
  const denied = useDenied('draft', place);
  const editing = useEditing(scope, name, draft, live);
  const { shown, state, change, autosave, revision } = editing;
  const mayPublish = useDenied('publish', place) === null;
  const verdict = useVerdict(scope, mayPublish);
  const [rebasing, setRebasing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  // Markers of what is only in the draft mean something only there.
  const ofDraft = () => change?.masked === true && editing.text().includes(MARKER);
  const judge = () => {
    if (!ofDraft())
      verdict.ofChange(() =>
        bodyOf({ namespace: scope.ns, key: name }, { ...shown, text: editing.text() }, revision),
      );
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: judged anew with what is shown, and with what was saved
  useEffect(() => {
    if (change?.op === 'delete') verdict.clear();
    else if (draft && ofDraft()) verdict.ofDraft(draft, name);
    else if (change || state.kind !== 'clean') judge();
  }, [shown, draft?.hash]);

  const review = async () => {
    if (await autosave.now()) await navigate({ to: '/e/$env/n/$ns/review', params: scope });
  };
  useKey('mod+s', () => void autosave.now());
  useKey('mod+Enter', () => void review());

  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
      setRebasing(false);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  const elsewhere = state.kind === 'failed' && state.error instanceof EditedElsewhere ? state.error : null;
  const edited = change !== undefined || state.kind !== 'clean';
  const moved = edited && !elsewhere && (live?.revision ?? 0) !== revision;
  const deletes = change?.op === 'delete';
  const isText = deletes || live === null || live.content != null || change?.content != null;
  // A sealed text that does not parse comes back as one marker; one that is secret as a whole always does.
  const hidden =
    change?.masked === true && !change.secret && !live?.marks?.secret && WHOLE.test(shown.text.trim());
  const sealed = change?.masked || (live?.sealed && live.masked);

  return (
    <Page
      title={live ? words.title(name) : words.titleNew(name)}
      tab={[words.title(name), ...useTab(scope.env, scope.ns)]}
      lead={
        <SaveStatus
          state={state}
          updated={change && draft ? draft.updated_at : undefined}
          onRetry={() => void autosave.now()}
        />
      }
      actions={
        <EditActions
          scope={scope}
          name={name}
          live={live}
          count={draft?.changes.length ?? 0}
          edited={edited}
          onReview={() => void review()}
          onDiscard={() => run(editing.discard)}
        />
      }
    >
      <LeaveGuard autosave={autosave} />
      {denied && <Banner tone="warn">{denied}</Banner>}
      {failure != null && <ErrorView error={failure} />}
      {isNew && live && !change && <Banner tone="quiet">{words.existed}</Banner>}
      {moved && !rebasing && (
        <Moved
          name={name}
          live={live}
          busy={busy}
          onRebase={() => void run(async () => void (await autosave.now())).then(() => setRebasing(true))}
          onTheirs={() => run(editing.discard)}
        />
      )}
      {elsewhere ? (
        <BothEdited draft={elsewhere.draft} ns={scope.ns} name={name} editing={editing} />
      ) : moved && rebasing && change ? (
        <Rebase
          scope={scope}
          change={change}
          text={editing.text()}
          live={live}
          busy={busy}
          onText={(text) => void run(() => editing.replace(text, live?.revision ?? 0))}
          onDelete={() => void run(editing.remove)}
          onTheirs={() => run(editing.discard)}
          onClose={() => setRebasing(false)}
        />
      ) : deletes ? (
        <EmptyState
          title={words.deleting}
          actions={
            <Button busy={busy} onClick={() => void run(editing.discard)}>
              {words.keep}
            </Button>
          }
        />
      ) : isText ? (
        <>
          {sealed && (
            <Banner tone={hidden ? 'warn' : 'quiet'}>{hidden ? words.maskedWhole : words.masked}</Banner>
          )}
          {verdict.refusal && <ErrorView error={verdict.refusal} />}
          <EditOptions editing={editing} live={live} busy={busy} onDelete={() => void run(editing.remove)} />
          <CodeEditor
            text={shown.text}
            version={editing.version}
            format={shown.format}
            label={words.label(name)}
            readOnly={denied !== null}
            problems={verdict.problems}
            judged={!mayPublish && !WHOLE.test(shown.text.trim())}
            onEdit={(text) => {
              editing.type(text);
              judge();
            }}
            autoFocus
          />
          <p className={styles.hint}>
            {words.keys} {!mayPublish && words.unjudged}
          </p>
        </>
      ) : (
        <EmptyState
          title={words.binary}
          actions={
            <>
              <ButtonLink to="/e/$env/n/$ns/k/$" params={{ ...scope, _splat: name }}>
                {words.back}
              </ButtonLink>
              <Button kind="danger" denied={denied} busy={busy} onClick={() => void run(editing.remove)}>
                {words.delete}
              </Button>
            </>
          }
        >
          {words.binaryHint}
        </EmptyState>
      )}
    </Page>
  );
}
