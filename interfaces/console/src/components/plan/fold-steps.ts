/** The steps of a project's latest process, as its events tell them: each event is one change, in their order. */
import type { ProcessTable } from '../../api/api.ts';
import type { ProjectEvent } from '../../api/project-events.ts';

export type StepState = 'pending' | 'running' | 'retrying' | 'done' | 'failed' | 'undoing' | 'undone';

export interface Step {
  readonly step: string;
  readonly text: string;
  readonly state: StepState;
  /** tries begun, of doing it or, once that has begun, of undoing it */
  readonly attempts: number;
  /** of the try that failed last */
  readonly error: string | null;
  /** when a `retrying` step is tried again */
  readonly retryAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface Run {
  readonly process: string;
  /** the revision of the event that began it */
  readonly began: number;
  /** `stopped`: it never came to an end, since something else went before it */
  readonly state: 'running' | 'undoing' | 'suspended' | 'done' | 'failed' | 'stopped';
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** for whose failure it is undone */
  readonly failedStep: string | null;
  readonly steps: readonly Step[];
}

/** An event that was there before changes nothing. @param run undefined: none has begun yet */
export function foldSteps(
  tables: readonly ProcessTable[],
  run: Run | undefined,
  event: ProjectEvent,
): Run | undefined {
  if (event.process?.began === event.revision) return begun(tables, event.process.process, event);
  if (!run || run.endedAt !== null || event.revision <= run.began) return run;
  const table = tables.find(({ process }) => process === run.process)?.steps ?? [];
  const next = changed(table, run, event);
  return event.process === null ? ended(table, next, event) : next;
}

type Table = ProcessTable['steps'];

function begun(tables: readonly ProcessTable[], process: string, event: ProjectEvent): Run {
  const table = tables.find((one) => one.process === process)?.steps ?? [];
  const steps = table.map(({ step, text }): Step => ({
    step,
    text,
    state: 'pending',
    attempts: 0,
    error: null,
    retryAt: null,
    startedAt: null,
    endedAt: null,
  }));
  const { revision: began, recorded_at: startedAt } = event;
  return {
    process,
    began,
    state: 'running',
    startedAt,
    endedAt: null,
    failedStep: null,
    steps: startNext(steps, startedAt),
  };
}

function changed(table: Table, run: Run, event: ProjectEvent): Run {
  const at = event.recorded_at;
  switch (event.type) {
    case 'StepFailed':
      return failed(table, run, event);
    case 'ProjectSuspended':
      return { ...run, state: 'suspended' };
    case 'StepRetryRequested':
      return taken(run, at, event.data['once'] === true);
    default:
      return run.failedStep === null ? done(table, run, event) : undone(table, run, event);
  }
}

function done(table: Table, run: Run, { type, recorded_at: at }: ProjectEvent): Run {
  const step = table.find(({ records }) => records === type)?.step;
  if (step === undefined) return run;
  return { ...run, steps: startNext(settle(run.steps, step, 'done', at), at) };
}

function undone(table: Table, run: Run, { type, recorded_at: at }: ProjectEvent): Run {
  const step = table.find(({ undone_by: by }) => by === type)?.step;
  if (step === undefined) return run;
  // the one that failed may have been half done; what is told of it is that it failed
  const steps = settle(run.steps, step, step === run.failedStep ? 'failed' : 'undone', at);
  return { ...run, steps: undoNext(table, steps) };
}

function failed(table: Table, run: Run, { data, process, recorded_at: at }: ProjectEvent): Run {
  const retryAt = typeof data['retryAt'] === 'string' ? data['retryAt'] : null;
  const steps = change(run.steps, String(data['step']), (step) => ({
    ...step,
    state: retryAt === null ? 'failed' : 'retrying',
    attempts: Number(data['attempt']),
    error: String(data['reason']),
    retryAt,
    startedAt: step.startedAt ?? at,
    endedAt: retryAt === null ? at : null,
  }));
  const failedStep = process?.undoing ?? null;
  if (failedStep === null || run.failedStep !== null) return { ...run, steps };
  // it is undone itself first, since it may be half done
  const isFirst = table.find((one) => one.step === failedStep)?.undone_by !== null;
  return { ...run, state: 'undoing', failedStep, steps: isFirst ? steps : undoNext(table, steps) };
}

/** What had given up is tried again: from the beginning, or once, for an owner, who may not want to wait either. */
function taken(run: Run, at: string, once: boolean): Run {
  if (once && run.state !== 'suspended')
    return {
      ...run,
      steps: run.steps.map((step) => (step.state === 'retrying' ? { ...step, retryAt: at } : step)),
    };
  const isUndoing = run.failedStep !== null;
  const state = isUndoing ? 'undoing' : 'running';
  const steps = run.steps.map((step): Step => {
    if (step.state !== 'failed' || step.step === run.failedStep) return step;
    const attempts = once ? step.attempts + 1 : 1;
    return { ...step, state, attempts, startedAt: isUndoing ? step.startedAt : at, endedAt: null };
  });
  return { ...run, state, steps };
}

const FAILURES = ['ProvisioningFailed', 'ProjectUpgradeFailed'];

function ended(table: Table, run: Run, { type, recorded_at: endedAt }: ProjectEvent): Run {
  const state = FAILURES.includes(type) ? 'failed' : type === 'ProjectKeptAwake' ? 'stopped' : 'done';
  const steps = run.steps.map((step): Step => {
    if (step.state === 'running' || step.state === 'retrying')
      return { ...step, state: 'pending', retryAt: null };
    // what had nothing to take back is gone with the rest
    const isSilent = table.find((one) => one.step === step.step)?.undone_by === null;
    return run.failedStep !== null && step.state === 'done' && isSilent ? { ...step, state: 'undone' } : step;
  });
  return { ...run, state, endedAt, steps };
}

function startNext(steps: readonly Step[], at: string): readonly Step[] {
  const next = steps.find(({ state }) => state === 'pending');
  if (!next) return steps;
  return change(steps, next.step, (step) => ({ ...step, state: 'running', attempts: 1, startedAt: at }));
}

/** Upward: the last one that stands. */
function undoNext(table: Table, steps: readonly Step[]): readonly Step[] {
  const canBe = ({ step }: Step) => table.find((one) => one.step === step)?.undone_by !== null;
  const next = steps.findLast((step) => step.state === 'done' && canBe(step));
  return next ? change(steps, next.step, (step) => ({ ...step, state: 'undoing' })) : steps;
}

const settle = (steps: readonly Step[], name: string, state: StepState, at: string): readonly Step[] =>
  change(steps, name, (step) => ({
    ...step,
    state,
    retryAt: null,
    startedAt: step.startedAt ?? at,
    endedAt: at,
  }));

const change = (steps: readonly Step[], name: string, to: (step: Step) => Step): readonly Step[] =>
  steps.map((step) => (step.step === name ? to(step) : step));
