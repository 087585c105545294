// A menu on the native popover: arrows move, Escape closes and gives the focus back.
import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import { classes } from './classes';
import styles from './Menu.module.css';

interface MenuItem {
  label: ReactNode;
  icon?: ReactNode;
  /** The one that is chosen now. */
  current?: boolean;
  onSelect: () => void;
}

interface MenuProps {
  /** What the button shows. */
  button: ReactNode;
  /** What the button is called where what it shows does not say it. */
  label?: string;
  className?: string | undefined;
  items: MenuItem[];
  /** At which side of the button it opens. */
  side?: 'left' | 'right';
}

export function Menu({ button, label, className, items, side = 'left' }: MenuProps) {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);

  const place = () => {
    const [from, menu] = [trigger.current?.getBoundingClientRect(), list.current];
    if (!from || !menu) return;
    menu.style.top = `${from.bottom + 4}px`;
    if (side === 'left')
      menu.style.left = `${Math.max(4, Math.min(from.left, window.innerWidth - menu.offsetWidth - 4))}px`;
    else menu.style.left = `${Math.max(4, from.right - menu.offsetWidth)}px`;
  };

  const options = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];

  const move = (event: KeyboardEvent) => {
    const all = options();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[next % all.length]?.focus();
  };

  return (
    <>
      <button
        ref={trigger}
        type="button"
        className={className}
        popoverTarget={id}
        aria-haspopup="menu"
        aria-label={label}
      >
        {button}
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        className={styles.menu}
        onKeyDown={move}
        onToggle={(event) => {
          if (event.newState !== 'open') return;
          place();
          const all = options();
          (all.find((one) => one.getAttribute('aria-checked') === 'true') ?? all[0])?.focus();
        }}
      >
        {items.map((item, nth) => (
          // biome-ignore lint/a11y/useAriaPropsSupportedByRole: menuitemradio, the role with a state, supports it
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name
            key={nth}
            type="button"
            role={item.current === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.current}
            tabIndex={-1}
            className={classes(styles.item, item.current && styles.current)}
            onClick={() => {
              list.current?.hidePopover();
              item.onSelect();
            }}
          >
            {item.icon}
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}
