/** What was found to differ of the pooler's own settings, and is not put right yet. A project's entry is the project's. */
import type { Decider } from '../decider.ts';
import type { ProjectEvent } from '../project/events.ts';
import type { ProjectCommand } from '../project/project.ts';

export type PoolerDriftEvent = Extract<ProjectEvent, { type: 'DriftDetected' | 'DriftRepaired' }>;
export type PoolerDriftCommand = Extract<ProjectCommand, { kind: 'ReportDrift' | 'ReportRepair' }>;

export const POOLER_DRIFT_STREAM = 'platform-pooler';

export const poolerDriftDecider: Decider<ReadonlySet<string>, PoolerDriftCommand, PoolerDriftEvent> = {
  initial: new Set(),
  decide(command, open) {
    if (command.kind === 'ReportRepair')
      return open.has(command.what) ? [{ type: 'DriftRepaired', data: { what: command.what } }] : [];
    const { kind: _, ...data } = command;
    return open.has(data.what) ? [] : [{ type: 'DriftDetected', data }];
  },
  evolve(open, event) {
    const next = new Set(open);
    if (event.type === 'DriftDetected') next.add(event.data.what);
    else next.delete(event.data.what);
    return next;
  },
};
