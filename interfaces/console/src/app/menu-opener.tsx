import {
  cloneElement,
  useState,
  type ButtonHTMLAttributes,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
} from 'react';

type Trigger = ReactElement<ButtonHTMLAttributes<HTMLButtonElement>>;
/** by what a menu is opened at once: by keyboard its first item has the focus */
export type PressedBy = 'pointer' | 'keyboard';

interface MenuOpenerProps {
  /** the button, which the menu takes over once it is there */
  readonly trigger: Trigger;
  /** never fails: see `loaded` */
  readonly load: () => Promise<void>;
  readonly menu: (pressedBy: PressedBy) => ReactNode;
}

/**
 * A menu of the bar. What menus are made of would be a fifth of the first load, so it is loaded when somebody points at the
 * button, or comes to it by keyboard.
 */
export function MenuOpener({ trigger, load, menu }: MenuOpenerProps) {
  const [pressedBy, setPressedBy] = useState<PressedBy>();
  const ahead = () => void load();
  // the button stays until there is a menu to take it over
  const open = (by: PressedBy) => void load().then(() => setPressedBy(by));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    open('keyboard');
  };
  const opener = cloneElement(trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: ahead,
    onFocus: ahead,
    // a key has no clicks to count
    onClick: ({ detail }) => open(detail === 0 ? 'keyboard' : 'pointer'),
    onKeyDown,
  });
  return pressedBy === undefined ? opener : menu(pressedBy);
}
