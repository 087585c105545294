// A labelled field of a form, with help and what is wrong with it.
import { type ComponentProps, type ReactNode, useId } from 'react';
import { classes } from './classes';
import styles from './Field.module.css';

interface FieldOwn {
  label: ReactNode;
  help?: ReactNode;
  /** What the server, or the form, says is wrong. */
  problem?: string | null | undefined;
  /** The label is only for screen readers. */
  bare?: boolean;
  id?: string | undefined;
}

interface Attributes {
  id: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: true | undefined;
}

function Field({
  label,
  help,
  problem,
  bare,
  id: given,
  control,
}: FieldOwn & { control: (attributes: Attributes) => ReactNode }) {
  const made = useId();
  const id = given ?? made;
  const described = [help ? `${id}-help` : '', problem ? `${id}-problem` : ''].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={bare ? 'unseen' : styles.label}>
        {label}
      </label>
      {control({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': problem ? true : undefined,
      })}
      {help && (
        <p id={`${id}-help`} className={styles.help}>
          {help}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  help,
  problem,
  bare,
  className,
  id,
  ...rest
}: FieldOwn & ComponentProps<'input'>) {
  const control = (attributes: Attributes) => (
    <input {...rest} {...attributes} className={classes(styles.control, className)} />
  );
  return <Field {...{ label, help, problem, bare: bare ?? false, id, control }} />;
}

export function TextArea({
  label,
  help,
  problem,
  bare,
  className,
  id,
  ...rest
}: FieldOwn & ComponentProps<'textarea'>) {
  const control = (attributes: Attributes) => (
    <textarea
      rows={3}
      {...rest}
      {...attributes}
      className={classes(styles.control, styles.area, className)}
    />
  );
  return <Field {...{ label, help, problem, bare: bare ?? false, id, control }} />;
}

export function Select({
  label,
  help,
  problem,
  bare,
  className,
  id,
  ...rest
}: FieldOwn & ComponentProps<'select'>) {
  const control = (attributes: Attributes) => (
    <select {...rest} {...attributes} className={classes(styles.control, className)} />
  );
  return <Field {...{ label, help, problem, bare: bare ?? false, id, control }} />;
}

export function Checkbox({ label, ...rest }: { label: ReactNode } & ComponentProps<'input'>) {
  return (
    <label className={styles.check}>
      <input {...rest} type="checkbox" />
      <span>{label}</span>
    </label>
  );
}
