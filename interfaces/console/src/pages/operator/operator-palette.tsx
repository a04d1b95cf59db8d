import { signOutOperator } from '../../api/operator.ts';
import type { IconName } from '../../components/icon.tsx';
import { action, bestCommands } from '../../components/palette/command.ts';
import { Palette } from '../../components/palette/palette.tsx';
import { toast } from '../../components/toast.ts';
import { setTheme, useTheme } from '../../design/theme.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { shell } from '../../texts/en/shell.ts';

interface OperatorPaletteProps {
  readonly links: readonly { readonly path: string; readonly title: string; readonly icon: IconName }[];
  readonly onClose: () => void;
}

/** The operator's pages, and what can be done from each of them. */
export default function OperatorPalette({ links, onClose }: OperatorPaletteProps) {
  const other = useTheme() === 'dark' ? 'light' : 'dark';
  const leave = () => void signOutOperator().catch((error: unknown) => toast.failed(texts.signOut, error));
  const all = [
    ...links.map(({ path, title, icon }) => ({
      id: path,
      label: title,
      note: texts.title,
      icon,
      does: path,
    })),
    action('theme', other === 'dark' ? shell.toDark : shell.toLight, other, () => setTheme(other)),
    action('to-console', texts.toConsole, 'home', '/'),
    action('sign-out', texts.signOut, 'sign-out', leave),
  ];
  return (
    <Palette
      placeholder={texts.palette}
      find={(wanted) => (wanted.trim() === '' ? all : bestCommands(wanted, all))}
      onClose={onClose}
    />
  );
}
