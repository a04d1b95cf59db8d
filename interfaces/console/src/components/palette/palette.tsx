/** The palette of commands: a dialog with a field, and what fits to what is typed there. */
import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { palette as texts } from '../../texts/en/palette.ts';
import { Icon } from '../icon.tsx';
import { mayLeave } from '../unsaved.ts';
import type { Command } from './command.ts';
import styles from './palette.module.css';

interface PaletteProps {
  readonly placeholder: string;
  /** the best first */
  readonly find: (wanted: string) => readonly Command[];
  readonly onClose: () => void;
}

export function Palette({ placeholder, find, onClose }: PaletteProps) {
  const [, navigate] = useLocation();
  const [wanted, setWanted] = useState('');
  const found = find(wanted);
  const run = ({ does }: Command) => {
    onClose();
    if (typeof does !== 'string') does();
    else if (mayLeave()) navigate(does);
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['backdrop']} />
        <Dialog.Popup className={styles['popup']}>
          <Dialog.Title className="aside">{texts.title}</Dialog.Title>
          <Autocomplete.Root
            inline
            open
            autoHighlight="always"
            keepHighlight
            filteredItems={found}
            value={wanted}
            onValueChange={(text) => setWanted(text)}
            itemToStringValue={({ label }: Command) => label}
          >
            <div className={styles['field']}>
              <Icon name="search" />
              <Autocomplete.Input
                className={styles['input']}
                placeholder={placeholder}
                aria-label={texts.title}
              />
            </div>
            <Autocomplete.Status className="aside">{texts.found(found.length)}</Autocomplete.Status>
            <Autocomplete.Empty className={styles['empty']}>{texts.none}</Autocomplete.Empty>
            <Autocomplete.List className={styles['list']}>
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.id}
                  value={command}
                  className={styles['item']}
                  onClick={() => run(command)}
                >
                  <Icon name={command.icon} />
                  <span className={styles['label']}>{command.label}</span>
                  <span className={styles['note']}>{command.note}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
