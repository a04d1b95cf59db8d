/** The palette of commands: a dialog with a field, and what fits to what is typed there. Loaded when it is first opened. */
import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { projectsQuery } from '../api/projects.ts';
import { signOut } from '../api/session.ts';
import { Icon } from '../components/icon.tsx';
import { toast } from '../components/toast.ts';
import { mayLeave } from '../components/unsaved.ts';
import { setTheme, useTheme } from '../design/theme.ts';
import { palette as texts } from '../texts/en/palette.ts';
import { shell } from '../texts/en/shell.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import styles from './command-palette.module.css';
import { commandsOf, foundCommands, NEAR, type Command } from './commands.ts';
import { PAGES } from './pages.ts';
import { recentPlaces } from './recent-places.ts';

export default function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const [, navigate] = useLocation();
  const [wanted, setWanted] = useState('');
  const found = useFound(wanted);
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
                placeholder={texts.placeholder}
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

function useFound(wanted: string): readonly Command[] {
  const { data: projects = [] } = useQuery(projectsQuery);
  const project = useMaybeProjectId();
  const actions = useActions();
  const around = { pages: PAGES, projects, project, recent: recentPlaces(), actions };
  return foundCommands(wanted, commandsOf(around), NEAR);
}

/** What can be done from anywhere. */
function useActions(): readonly Command[] {
  const [, navigate] = useLocation();
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  const leave = () =>
    void signOut().then(
      () => navigate('/sign-in'),
      (error: unknown) => toast.failed(shell.signOut, error),
    );
  const action = (id: string, label: string, icon: Command['icon'], does: Command['does']): Command => ({
    id,
    label,
    note: texts.action,
    icon,
    does,
  });
  return [
    action('new-project', shell.newProject, 'plus', '/projects/new'),
    action('theme', other === 'dark' ? shell.toDark : shell.toLight, other, () => setTheme(other)),
    action('api', shell.api, 'external', () => void window.open('/docs', '_blank', 'noopener')),
    action('sign-out', shell.signOut, 'sign-out', leave),
  ];
}
