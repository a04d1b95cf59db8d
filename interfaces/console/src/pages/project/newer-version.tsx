import { useQuery } from '@tanstack/react-query';
import type { Project } from '../../api/api.ts';
import { planQuery } from '../../api/command-plan.ts';
import { Notice } from '../../components/notice.tsx';
import { project as texts } from '../../texts/en/project.ts';
import { CommandButton } from './command-button.tsx';
import { isPossible } from './commands.ts';

const FRESH_MS = 60_000;

/** The platform has been updated, and the database of the project has not: the plan of the upgrade has something to do. */
export function NewerVersion({ project }: { readonly project: Project }) {
  const enabled = isPossible('upgrade', project);
  const { data: plan } = useQuery({ ...planQuery(project.id, 'upgrade'), enabled, staleTime: FRESH_MS });
  if (!enabled || !plan || plan.process !== 'upgrade') return null;
  return (
    <Notice
      title={texts.newerTitle}
      action={
        <CommandButton project={project} command="upgrade">
          {texts.upgrade}
        </CommandButton>
      }
    >
      {plan.effects[0]}
    </Notice>
  );
}
