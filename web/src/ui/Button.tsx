// A button. One that may not be used says why, and can still be reached by the keyboard.
import { type ComponentProps, type ReactNode, useId } from 'react';
import styles from './Button.module.css';
import { classes } from './classes';

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  small?: boolean;
  icon?: ReactNode;
  /** Work is under way: the button does nothing meanwhile. */
  busy?: boolean;
  /** Why it may not be used; shown below it. */
  denied?: string | null | undefined;
  disabled?: boolean | undefined;
}

export function Button({
  kind = 'plain',
  small,
  icon,
  busy,
  denied,
  disabled,
  children,
  ...rest
}: ButtonProps) {
  const why = useId();
  const off = Boolean(busy || denied || disabled);
  const button = (
    <button
      type="button"
      {...rest}
      className={classes(styles.button, styles[kind], small && styles.small, rest.className)}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      aria-describedby={denied ? why : rest['aria-describedby']}
      onClick={off ? (event) => event.preventDefault() : rest.onClick}
    >
      {icon}
      {children}
    </button>
  );
  if (!denied) return button;
  return (
    <span className={styles.denied}>
      {button}
      <span id={why} role="tooltip" className={styles.why}>
        {denied}
      </span>
    </span>
  );
}
