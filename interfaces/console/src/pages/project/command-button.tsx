import { useState } from 'react';
import type { Project } from '../../api/api.ts';
import { Button, type ButtonProps } from '../../components/button.tsx';
import { CommandDialog } from '../../components/plan/command-dialog.tsx';
import { useCommand, type Command } from './commands.ts';

interface CommandButtonProps extends Pick<ButtonProps, 'look' | 'icon' | 'children'> {
  readonly project: Project;
  readonly command: Command;
}

/** Asks for a command, which tells first what it will do. */
export function CommandButton({ project, command, ...button }: CommandButtonProps) {
  const [open, setOpen] = useState(false);
  const { mutateAsync } = useCommand(project, command);
  return (
    <>
      <Button {...button} onClick={() => setOpen(true)} />
      <CommandDialog
        project={project}
        command={command}
        open={open}
        onOpenChange={setOpen}
        onConfirm={() => mutateAsync()}
      />
    </>
  );
}
