// A button. One that may not be used says why, and can still be reached by the keyboard.
import { type ComponentProps, type ReactNode, useId } from 'react';
import styles from './Button.module.css';
import { classes } from './classes';

/** Pixels between a button and its words, and between these and the edge of the window. */
const [GAP, EDGE] = [6, 8];

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
  // Beside the button wherever there is room: tables cut off what stands out of them.
  const place = ({ currentTarget: whole }: { currentTarget: HTMLElement }) => {
    const [from, words] = [whole.getBoundingClientRect(), whole.lastElementChild as HTMLElement];
    const left = Math.min(from.left, window.innerWidth - words.offsetWidth - EDGE);
    const below = from.bottom + GAP;
    const fits = below + words.offsetHeight + EDGE < window.innerHeight;
    words.style.left = `${Math.max(EDGE, left)}px`;
    words.style.top = `${fits ? below : from.top - GAP - words.offsetHeight}px`;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only moves the words to where they are seen
    <span className={styles.denied} onPointerEnter={place} onFocus={place}>
      {button}
      <span id={why} role="tooltip" className={styles.why}>
        {denied}
      </span>
    </span>
  );
}
