import { useState } from 'react';
import type { Project } from '../../api/api.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Section } from '../../components/page.tsx';
import { project as texts } from '../../texts/en/project.ts';
import { isPossible, useCommand } from './commands.ts';
import styles from './overview.module.css';

const COMMANDS = [
  {
    command: 'pause',
    title: texts.pauseTitle,
    hint: texts.pauseHint,
    action: texts.pause,
    question: texts.confirmPause,
    typed: false,
  },
  {
    command: 'delete',
    title: texts.deleteTitle,
    hint: texts.deleteHint,
    action: texts.delete,
    question: texts.confirmDelete,
    typed: true,
  },
  {
    command: 'purge',
    title: texts.purgeTitle,
    hint: texts.purgeHint,
    action: texts.purge,
    question: texts.confirmPurge,
    typed: true,
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
  const [open, setOpen] = useState(false);
  const { mutateAsync } = useCommand(project, row.command);
  const isDanger = row.command !== 'pause';
  return (
    <div className={styles['command']}>
      <div>
        <h3>{row.title}</h3>
        <p className={styles['soft']}>{row.hint}</p>
      </div>
      <Button look={isDanger ? 'risky' : 'plain'} onClick={() => setOpen(true)}>
        {row.action}
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={row.question(project.display_name)}
        description={row.hint}
        action={row.action}
        danger={isDanger}
        {...(row.typed && { name: project.name })}
        onConfirm={() => mutateAsync()}
      />
    </div>
  );
}
