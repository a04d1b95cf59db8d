import { Menu as Base } from '@base-ui/react/menu';
import { useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { Link } from 'wouter';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './popup.module.css';

interface MenuProps {
  /** the button that opens it */
  readonly trigger: ReactElement;
  readonly align?: 'start' | 'end';
  /** somebody has pressed the button before the menu was there: it begins open */
  readonly pressedBy?: 'pointer' | 'keyboard';
  readonly children: ReactNode;
}

const pagePlace = (): HTMLElement | undefined => document.querySelector('main') ?? undefined;

/**
 * While it is open nothing behind it can be pressed, as the library has it: what holds the focus at its ends belongs to something modal.
 * It stands in the page's own landmark, where people who go by those find it; one of a dialog stands in that.
 */
export function Menu({ trigger, align = 'end', pressedBy, children }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [place, setPlace] = useState(pagePlace);
  const find = () => setPlace(button.current?.closest('[role="dialog"]') ? undefined : pagePlace());
  useEffect(() => {
    if (pressedBy === undefined) return;
    // the one that had the focus is gone
    button.current?.focus();
    if (pressedBy === 'keyboard') button.current?.click();
  }, [pressedBy]);
  return (
    <Base.Root defaultOpen={pressedBy === 'pointer'} onOpenChange={(open) => open && find()}>
      <Base.Trigger ref={button} render={trigger} />
      <Base.Portal container={place}>
        <Base.Positioner className={styles['positioner']} align={align} sideOffset={6}>
          <Base.Popup className={styles['popup']}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  readonly icon?: IconName;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly onSelect?: () => void;
  /** in place of `onSelect`: where it leads, below /console */
  readonly to?: string;
  /** in place of both: the address of a file to be saved */
  readonly file?: string;
}

export function MenuItem({
  icon,
  danger,
  disabled = false,
  note,
  children,
  onSelect,
  to,
  file,
}: MenuItemProps) {
  const className = classes(styles['item'], danger && styles['danger']);
  const inside = (
    <>
      {icon && <Icon name={icon} />}
      <span className={styles['grow']}>{children}</span>
      {note !== undefined && <span className={styles['note']}>{note}</span>}
    </>
  );
  if (to !== undefined)
    return (
      <Base.LinkItem className={className} closeOnClick render={<Link href={to} />}>
        {inside}
      </Base.LinkItem>
    );
  if (file !== undefined)
    return (
      <Base.LinkItem className={className} closeOnClick href={file} download>
        {inside}
      </Base.LinkItem>
    );
  return (
    <Base.Item className={className} disabled={disabled} onClick={() => onSelect?.()}>
      {inside}
    </Base.Item>
  );
}

export const MenuSeparator = () => <Base.Separator className={styles['separator']} />;

export function MenuGroup({ label, children }: { readonly label: ReactNode; readonly children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className={styles['heading']}>{label}</Base.GroupLabel>
      {children}
    </Base.Group>
  );
}
