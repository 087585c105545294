// A form: its fields below each other, and what one can do with it at its end.
import type { ReactNode } from 'react';
import { classes } from './classes';
import styles from './Form.module.css';

export function Form({
  onSubmit,
  actions,
  children,
}: {
  onSubmit: (fields: FormData) => void;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
      {actions && <div className={styles.actions}>{actions}</div>}
    </form>
  );
}

/** Short fields beside each other, as far as there is room. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}

/** Fields that belong together, under a heading. */
export function Group({
  legend,
  boxed,
  children,
}: {
  legend: ReactNode;
  boxed?: boolean;
  children: ReactNode;
}) {
  return (
    <fieldset className={classes(styles.group, boxed && styles.boxed)}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}
