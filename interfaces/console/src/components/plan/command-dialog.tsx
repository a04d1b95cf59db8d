import { useQuery } from '@tanstack/react-query';
import type { Project } from '../../api/api.ts';
import { planQuery, type PlannedCommand } from '../../api/command-plan.ts';
import { plan as texts } from '../../texts/en/plan.ts';
import { ConfirmDialog } from '../dialog.tsx';
import { Notice } from '../notice.tsx';
import { SkeletonRows } from '../states.tsx';
import { PlanView } from './plan-view.tsx';

interface CommandDialogProps {
  readonly project: Pick<Project, 'id' | 'name' | 'display_name'>;
  readonly command: PlannedCommand;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onConfirm: () => Promise<unknown>;
}

/** Tells what a command will do before it is sent. What takes something away wants the project's name typed. */
export function CommandDialog({ project, command, open, onOpenChange, onConfirm }: CommandDialogProps) {
  const { data: plan, error } = useQuery({ ...planQuery(project.id, command), enabled: open });
  const isDanger = command === 'delete' || command === 'purge';
  // a plan that cannot be had keeps nobody from the command
  const isReady = plan ? plan.allowed && plan.process !== null : error !== null;
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={texts.title[command](project.display_name)}
      action={texts.action[command]}
      wide
      danger={isDanger}
      ready={isReady}
      {...(isDanger && plan?.allowed !== false && { name: project.name })}
      onConfirm={onConfirm}
    >
      {plan ? (
        <PlanView plan={plan} />
      ) : error ? (
        <Notice tone="bad" title={texts.failed} error={error} />
      ) : (
        <SkeletonRows rows={6} height="30px" />
      )}
    </ConfirmDialog>
  );
}
