import { Dialog } from '@base-ui/react/dialog';
import type { RefObject } from 'react';
import { Mark } from '../components/mark.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { Navigation } from './navigation.tsx';
import styles from './shell.module.css';

interface NavigationDrawerProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** gets the focus back */
  readonly opener: RefObject<HTMLButtonElement | null>;
}

export default function NavigationDrawer({ open, onOpenChange, opener }: NavigationDrawerProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['backdrop']} />
        <Dialog.Popup className={styles['drawer']} finalFocus={opener}>
          <Dialog.Title className={styles['drawerTitle']}>
            <Mark />
            {texts.product}
          </Dialog.Title>
          <Navigation onGo={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
