import { useState } from 'react';
import type { Project } from '../../api/api.ts';
import type { PlannedCommand } from '../../api/command-plan.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Notice } from '../../components/notice.tsx';
import { CommandDialog } from '../../components/plan/command-dialog.tsx';
import { Why } from '../../components/plan/why.tsx';
import { project as texts } from '../../texts/en/project.ts';
import { useCommand, useRetry } from './commands.ts';

/** Why a project is not simply there, in plain words, and what helps. Nothing, when it is. */
export function Trouble({ project }: { readonly project: Project }) {
  const { status, purge_after: purgeAfter, waits_for: waitsFor } = project;
  if (waitsFor !== null || status === 'failed' || status === 'suspended') return <Helped project={project} />;
  if (status === 'paused') return <Notice>{texts.paused}</Notice>;
  if (status === 'sleeping') return <Notice>{texts.sleepingNote}</Notice>;
  if (status === 'deleted')
    return (
      <Notice tone="warn" title={texts.deletedNote}>
        {purgeAfter !== null && (
          <>
            {texts.purgeAt}: <RelativeTime at={purgeAfter} />
          </>
        )}
      </Notice>
    );
  return null;
}

function Helped({ project }: { readonly project: Project }) {
  const [command, setCommand] = useState<PlannedCommand>();
  const retry = useRetry(project.id);
  return (
    <>
      <Why project={project} onHelp={setCommand} onRetry={() => retry.mutate()} retrying={retry.isPending} />
      {command !== undefined && (
        <Help project={project} command={command} close={() => setCommand(undefined)} />
      )}
    </>
  );
}

interface HelpProps {
  readonly project: Project;
  readonly command: PlannedCommand;
  readonly close: () => void;
}

function Help({ project, command, close }: HelpProps) {
  const { mutateAsync } = useCommand(project, command);
  return (
    <CommandDialog
      project={project}
      command={command}
      open
      onOpenChange={(open) => {
        if (!open) close();
      }}
      onConfirm={() => mutateAsync()}
    />
  );
}
