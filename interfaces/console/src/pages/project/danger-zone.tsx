import type { Project } from '../../api/api.ts';
import { Section } from '../../components/page.tsx';
import { project as texts } from '../../texts/en/project.ts';
import { CommandButton } from './command-button.tsx';
import { isPossible } from './commands.ts';
import styles from './overview.module.css';

const COMMANDS = [
  {
    command: 'pause',
    title: texts.pauseTitle,
    hint: texts.pauseHint,
    action: texts.pause,
  },
  {
    command: 'delete',
    title: texts.deleteTitle,
    hint: texts.deleteHint,
    action: texts.delete,
  },
  {
    command: 'purge',
    title: texts.purgeTitle,
    hint: texts.purgeHint,
    action: texts.purge,
  },
] as const;

export function DangerZone({ project }: { readonly project: Project }) {
  const possible = COMMANDS.filter(({ command }) => isPossible(command, project));
  if (possible.length === 0) return null;
  return (
    <Section title={texts.danger} danger>
      <div className={styles['commands']}>
        {possible.map((row) => (
          <Row key={row.command} project={project} row={row} />
        ))}
      </div>
    </Section>
  );
}

function Row({ project, row }: { readonly project: Project; readonly row: (typeof COMMANDS)[number] }) {
  return (
    <div className={styles['command']}>
      <div>
        <h3>{row.title}</h3>
        <p className={styles['soft']}>{row.hint}</p>
      </div>
      <CommandButton
        project={project}
        command={row.command}
        look={row.command === 'pause' ? 'plain' : 'risky'}
      >
        {row.action}
      </CommandButton>
    </div>
  );
}
