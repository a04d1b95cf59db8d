import type { ComponentProps } from 'react';
import styles from './button.module.css';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icon.tsx';

interface Look {
  /** `primary`: what the page is for, once at most; `danger`: takes something away; `risky`: leads there */
  readonly look?: 'plain' | 'primary' | 'quiet' | 'risky' | 'danger';
  readonly small?: boolean;
  readonly icon?: IconName | undefined;
  /** it works: not to be pressed again, and its width stays */
  readonly busy?: boolean;
}

export type ButtonProps = ComponentProps<'button'> & Look;

export function Button({
  look = 'plain',
  small,
  icon,
  busy = false,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={classes(
        styles['button'],
        styles[look],
        small && styles['small'],
        busy && styles['busy'],
        className,
      )}
    >
      {icon && <Icon name={icon} size={small ? 14 : 16} />}
      {children !== undefined && <span className={styles['label']}>{children}</span>}
      {busy && <span className={styles['spinner']} aria-hidden="true" />}
    </button>
  );
}

/** @param label what it does, read out and shown by its tooltip */
export function IconButton({
  label,
  icon,
  className,
  ...rest
}: Omit<ButtonProps, 'children' | 'icon'> & { readonly label: string; readonly icon: IconName }) {
  return (
    <Button
      look="quiet"
      {...rest}
      icon={icon}
      aria-label={label}
      title={rest.title ?? label}
      className={classes(styles['square'], className)}
    />
  );
}

export const buttonClass = (look: NonNullable<Look['look']> = 'plain', small = false): string =>
  classes(styles['button'], styles[look], small && styles['small']);
