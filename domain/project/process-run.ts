/** A process as its events tell it: what is done, what its current step waits for, whether it turned around. */
import type { Recorded } from '../decider.ts';
import type { ProcessName, ProjectEvent } from './events.ts';

export interface StepTrouble {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly attempt: number;
  readonly reason: string;
  readonly retryAt: Date | null;
}

/** A process under way: which facts it has recorded, what its current step waits for. */
export interface ProcessRun {
  readonly process: ProcessName;
  readonly startedAt: Date;
  /** when the current step became current: deadlines count from here, also across restarts */
  readonly stepSince: Date;
  readonly recorded: ReadonlySet<string>;
  readonly undoing: { readonly step: string; readonly reason: string } | null;
  readonly trouble: StepTrouble | null;
}

/** A request starts a process; one that was under way is superseded. */
export function begin(process: ProcessName, event: Recorded<ProjectEvent>): ProcessRun {
  const at = event.recordedAt;
  return { process, startedAt: at, stepSince: at, recorded: new Set(), undoing: null, trouble: null };
}

/** A provision whose tries are exhausted turns around; any other process waits for an operator. */
export function failed(
  run: ProcessRun | null,
  event: Recorded<Extract<ProjectEvent, { type: 'StepFailed' }>>,
): ProcessRun | null {
  if (!run) return null;
  const { step, direction, attempt, reason, retryAt } = event.data;
  const trouble = { step, direction, attempt, reason, retryAt: retryAt === null ? null : new Date(retryAt) };
  const givesUp = retryAt === null && direction === 'do' && run.process === 'provision';
  return givesUp
    ? { ...run, undoing: { step, reason }, stepSince: event.recordedAt, trouble: null }
    : { ...run, trouble };
}
