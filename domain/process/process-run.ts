/** A process as its events tell it: what is done, what its current step waits for, whether it turned around. */
import type { Recorded } from '../decider.ts';
import type { StepTroubleEvent } from './process-events.ts';

export interface StepTrouble {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly attempt: number;
  readonly reason: string;
  readonly retryAt: Date | null;
}

/** A process under way: which facts it has recorded, what its current step waits for. */
export interface ProcessRun<Name extends string = string> {
  readonly process: Name;
  /** the revision of the event that began it: no other run of its stream has the same */
  readonly number: number;
  readonly startedAt: Date;
  /** when the current step became current: deadlines count from here, also across restarts */
  readonly stepSince: Date;
  readonly recorded: ReadonlySet<string>;
  readonly undoing: { readonly step: string; readonly reason: string } | null;
  readonly trouble: StepTrouble | null;
}

type Happened = Recorded<{ readonly type: string }>;

/** A request starts a process; one that was under way is superseded. */
export function begin<Name extends string>(process: Name, event: Happened): ProcessRun<Name> {
  const at = event.recordedAt;
  return {
    process,
    number: event.revision,
    startedAt: at,
    stepSince: at,
    recorded: new Set(),
    undoing: null,
    trouble: null,
  };
}

/** A step is done, or undone. */
export const proceeded = <Run extends ProcessRun>(run: Run, event: Happened): Run => ({
  ...run,
  recorded: new Set([...run.recorded, event.type]),
  stepSince: event.recordedAt,
  trouble: null,
});

/** @param undoes whether its process undoes what it has done when it gives up */
export function failed<Run extends ProcessRun>(
  run: Run,
  event: Recorded<Extract<StepTroubleEvent, { type: 'StepFailed' }>>,
  undoes: boolean,
): Run {
  const { step, direction, attempt, reason, retryAt } = event.data;
  if (undoes && retryAt === null && direction === 'do') return turnedAround(run, event, { step, reason });
  const trouble = { step, direction, attempt, reason, retryAt: retryAt === null ? null : new Date(retryAt) };
  return { ...run, trouble };
}

/** From now on it undoes what it has done: it gave up, or was cancelled. */
export const turnedAround = <Run extends ProcessRun>(
  run: Run,
  { recordedAt }: Happened,
  because: NonNullable<ProcessRun['undoing']>,
): Run => ({ ...run, undoing: because, stepSince: recordedAt, trouble: null });

/** Somebody wants the step to be tried again: an operator, from the beginning; or an owner, once and now. */
export function retried<Run extends ProcessRun>(
  run: Run,
  { data: { once }, recordedAt }: Recorded<Extract<StepTroubleEvent, { type: 'StepRetryRequested' }>>,
): Run {
  if (once) return { ...run, trouble: run.trouble && { ...run.trouble, retryAt: recordedAt } };
  return { ...run, trouble: null, stepSince: recordedAt };
}
