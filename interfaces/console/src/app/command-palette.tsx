/** The palette of owners' commands. Loaded when it is first opened. */
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { projectsQuery } from '../api/projects.ts';
import { signOut } from '../api/session.ts';
import { action, type Command } from '../components/palette/command.ts';
import { Palette } from '../components/palette/palette.tsx';
import { toast } from '../components/toast.ts';
import { setTheme, useTheme } from '../design/theme.ts';
import { palette as texts } from '../texts/en/palette.ts';
import { shell } from '../texts/en/shell.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import { commandsOf, foundCommands, NEAR } from './commands.ts';
import { PAGES } from './pages.ts';
import { recentPlaces } from './recent-places.ts';

export default function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const project = useMaybeProjectId();
  const actions = useActions();
  const all = commandsOf({ pages: PAGES, projects, project, recent: recentPlaces(), actions });
  return (
    <Palette
      placeholder={texts.placeholder}
      find={(wanted) => foundCommands(wanted, all, NEAR)}
      onClose={onClose}
    />
  );
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
  return [
    action('new-project', shell.newProject, 'plus', '/projects/new'),
    action('theme', other === 'dark' ? shell.toDark : shell.toLight, other, () => setTheme(other)),
    action('api', shell.api, 'external', () => void window.open('/docs', '_blank', 'noopener')),
    action('sign-out', shell.signOut, 'sign-out', leave),
  ];
}
