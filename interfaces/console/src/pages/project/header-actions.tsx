import type { Project } from '../../api/api.ts';
import { Button } from '../../components/button.tsx';
import type { IconName } from '../../components/icon.tsx';
import { toast } from '../../components/toast.ts';
import { project as texts } from '../../texts/en/project.ts';
import { isPossible, useCommand } from './commands.ts';

/** What brings a project back needs no question first. */
export function HeaderActions({ project }: { readonly project: Project }) {
  return (
    <>
      {isPossible('resume', project) && <Back project={project} command="resume" icon="play" />}
      {isPossible('undelete', project) && <Back project={project} command="undelete" icon="undo" />}
    </>
  );
}

function Back({
  project,
  command,
  icon,
}: {
  readonly project: Project;
  readonly command: 'resume' | 'undelete';
  readonly icon: IconName;
}) {
  const { mutate, isPending } = useCommand(project, command);
  return (
    <Button
      look="primary"
      icon={icon}
      busy={isPending}
      onClick={() => mutate(undefined, { onError: (error) => toast.failed(texts.commandFailed, error) })}
    >
      {texts[command]}
    </Button>
  );
}
