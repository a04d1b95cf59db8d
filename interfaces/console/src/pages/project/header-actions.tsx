import type { Project } from '../../api/api.ts';
import { project as texts } from '../../texts/en/project.ts';
import { CommandButton } from './command-button.tsx';
import { isPossible } from './commands.ts';

/** What brings a project back. */
export function HeaderActions({ project }: { readonly project: Project }) {
  return (
    <>
      {isPossible('resume', project) && (
        <CommandButton project={project} command="resume" look="primary" icon="play">
          {texts.resume}
        </CommandButton>
      )}
      {isPossible('undelete', project) && (
        <CommandButton project={project} command="undelete" look="primary" icon="undo">
          {texts.undelete}
        </CommandButton>
      )}
    </>
  );
}
