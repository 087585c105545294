// A link that looks like a button. Where one may not go it is a button that says why.
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button, type ButtonProps } from './Button';
import styles from './Button.module.css';
import { classes } from './classes';

interface ButtonLinkProps extends Omit<LinkProps, 'children' | 'disabled'> {
  kind?: NonNullable<ButtonProps['kind']>;
  small?: boolean;
  icon?: ReactNode;
  /** Why one may not go there. */
  denied?: string | null | undefined;
  /** Not now. */
  disabled?: boolean;
  'aria-label'?: string;
  'aria-keyshortcuts'?: string;
  children?: ReactNode;
}

export function ButtonLink({
  kind = 'plain',
  small = false,
  icon,
  denied,
  disabled = false,
  children,
  ...link
}: ButtonLinkProps) {
  if (denied || disabled) {
    return (
      <Button {...{ kind, small, icon, denied, disabled }} aria-label={link['aria-label']}>
        {children}
      </Button>
    );
  }
  return (
    <Link {...link} className={classes(styles.button, styles[kind], small && styles.small)}>
      {icon}
      {children}
    </Link>
  );
}
