import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { ReactElement, ReactNode } from 'react';
import styles from './popup.module.css';

/** A word more, for who points at something or comes to it by keyboard. What has to be known does not hide in one. */
export function Tooltip({ words, children }: { readonly words: ReactNode; readonly children: ReactElement }) {
  return (
    <Base.Root>
      <Base.Trigger render={children} delay={350} />
      <Base.Portal>
        <Base.Positioner className={styles['positioner']} sideOffset={7}>
          <Base.Popup className={styles['tooltip']}>{words}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
