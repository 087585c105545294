// Makes something that has a name, with a name proposed, so that one click does.
import { type FormEvent, type ReactNode, useState } from 'react';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import styles from './MakeForm.module.css';

export function MakeForm({
  label,
  proposed,
  submit,
  denied,
  error,
  busy,
  fields,
  children,
  onMake,
}: {
  label: string;
  proposed: string;
  submit: string;
  denied: string | null;
  error: unknown;
  busy: boolean;
  /** What the server calls the name. */
  fields: string[];
  children?: ReactNode;
  onMake: (name: string) => void;
}) {
  const t = useT();
  const [name, setName] = useState(proposed);
  const make = (event: FormEvent) => {
    event.preventDefault();
    if (!denied && !busy && name.trim() !== '') onMake(name.trim());
  };
  const problem = fieldProblem(error, ...fields);
  return (
    <form onSubmit={make} className={styles.form}>
      <TextField
        label={label}
        value={name}
        autoComplete="off"
        spellCheck={false}
        problem={problem}
        onChange={(event) => setName(event.target.value)}
        required
      />
      {children}
      {error != null && problem === null && <ErrorView error={error} />}
      <div>
        <Button
          kind="primary"
          type="submit"
          busy={busy}
          denied={denied}
          aria-label={`${submit}: ${name || t.common.none}`}
        >
          {submit}
        </Button>
      </div>
    </form>
  );
}
