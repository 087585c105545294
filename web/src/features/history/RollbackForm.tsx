// What would happen, and the button that makes it happen.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { environmentsQuery } from '../../api/environments';
import type { Scope } from '../../api/keys';
import { ProblemError } from '../../api/problem';
import { useRollback, useRollbackPreview } from '../../api/revisions';
import type { WriteView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { TextField } from '../../ui/Field';
import { tell } from '../../ui/Toast';
import { Affected } from './Affected';
import { bodyOf, demandsOf, environmentsOf, type Plan } from './plan';
import { RevertConflicts } from './RevertConflicts';
import { RollbackDiff } from './RollbackDiff';
import { RollbackHead } from './RollbackHead';
import styles from './RollbackPage.module.css';

interface RollbackFormProps {
  scope: Scope;
  plan: Plan;
  onDone: (revision: number) => void;
}

export function RollbackForm({ scope, plan, onDone }: RollbackFormProps) {
  const body = bodyOf(scope, plan);
  const query = useRollbackPreview(scope, body);
  // What passes takes nothing from what is being typed below the preview.
  const passes = query.data !== undefined && query.error instanceof ProblemError && query.error.passing;
  const conflicts = query.error instanceof ProblemError && query.error.problem.revert_conflicts;
  return (
    <>
      <RollbackHead scope={scope} plan={plan} />
      {plan.kind === 'revert' && conflicts ? (
        <RevertConflicts revert={plan.revert} conflicts={conflicts} />
      ) : query.error && !passes ? (
        <ErrorView error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loaded query={query}>{(preview) => <Preview {...{ scope, plan, preview, onDone }} />}</Loaded>
      )}
    </>
  );
}

function Preview({ scope, plan, preview, onDone }: RollbackFormProps & { preview: WriteView }) {
  const t = useT();
  const words = t.history.rollback;
  const changes = preview.changes ?? [];
  const names = environmentsOf(scope.env, changes);
  // Somebody may publish while this is read.
  const [first] = useState(() => changes.map((one) => one.previous).join());
  const moved = first !== changes.map((one) => one.previous).join();
  if (preview.changed === 0) return <Banner tone="quiet">{words.nothing}</Banner>;
  return (
    <>
      {moved && <Banner tone="warn">{words.moved}</Banner>}
      <div className={styles.columns}>
        <RollbackDiff scope={scope} plan={plan} preview={preview} />
        <div className={styles.confirm}>
          <Affected names={names} changes={changes} />
          <Confirm {...{ scope, plan, names, onDone }} />
        </div>
      </div>
    </>
  );
}

function Confirm({ scope, plan, names, onDone }: RollbackFormProps & { names: string[] }) {
  const t = useT();
  const words = t.history.rollback;
  const { data: environments = [] } = useQuery(environmentsQuery);
  const demands = demandsOf(names, environments);
  const frozen = environments.filter((one) => names.includes(one.name) && one.frozen);
  const key = plan.kind === 'rollback' ? plan.key : undefined;
  const denied = useDenied('rollback', { ...scope, ...(key !== undefined && { key }) });
  const rollback = useRollback(scope.env, (written) => {
    if (written.changed === 0) tell(words.unchanged);
    else onDone(written.revision);
  });
  const [message, setMessage] = useState('');
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const unsaid = demands.message && message.trim() === '';
  const unconfirmed = demands.confirm !== null && typed.trim() !== demands.confirm;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (unsaid || unconfirmed || denied || rollback.isPending) return;
    rollback.mutate({ ...bodyOf(scope, plan), message: message.trim() });
  };

  return (
    <form
      className={classes(styles.form, demands.confirm !== null && styles.grave)}
      onSubmit={submit}
      noValidate
    >
      {frozen.map((one) => (
        <Banner key={one.name} tone="warn">
          {words.frozen(one.name)} {one.frozen?.reason}
        </Banner>
      ))}
      <TextField
        label={demands.message ? words.message : t.common.noted(words.message, t.common.optional)}
        help={words.messageHelp}
        value={message}
        onChange={(event) => setMessage(event.target.value)}
        problem={tried && unsaid ? words.messageMissing : null}
        required={demands.message}
      />
      {demands.confirm !== null && (
        <TextField
          label={words.confirm(demands.confirm)}
          help={words.confirmHelp}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          problem={tried && unconfirmed ? words.confirmWrong(demands.confirm) : null}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          required
        />
      )}
      {rollback.error && <ErrorView error={rollback.error} />}
      <div className={styles.buttons}>
        <Button
          kind={demands.confirm === null ? 'primary' : 'danger'}
          type="submit"
          busy={rollback.isPending}
          denied={denied}
        >
          {plan.kind === 'revert' ? words.actRevert : words.act}
        </Button>
      </div>
    </form>
  );
}
