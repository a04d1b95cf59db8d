/** What a process has to do next, by its table and by what its run has recorded. */
import type { ProcessRun } from '../../domain/process/process-run.ts';
import type { Fact, Host, Process, Report, Step, StepBounds, UnderWay } from './process.ts';

export interface Task<Event> {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly bounds: StepBounds;
  /** recorded together with what goes before it */
  readonly quick: boolean;
  run(signal: AbortSignal, report: Report): Promise<Event>;
}

export interface Look<Subject, Event extends Fact> extends UnderWay<Subject> {
  readonly process: Process<Subject, Event>;
  /** to be begun at the same time; none: everything is undone */
  readonly tasks: readonly Task<Event>[];
}

/** @returns undefined: there is nothing to do */
export function lookAt<State, Subject, Event extends Fact, Name extends string>(
  { aggregate, processes }: Host<State, Subject, Event, Name>,
  state: State,
  bounds: StepBounds,
): Look<Subject, Event> | undefined {
  const underWay = aggregate.underWay(state);
  if (!underWay) return undefined;
  const process = processes[underWay.run.process];
  return { ...underWay, process, tasks: nextTasks(process, underWay, bounds) };
}

/** Tells it from every other task of its stream. */
export const keyOf = (
  run: ProcessRun,
  { direction, step }: Pick<Task<unknown>, 'direction' | 'step'>,
): string => `${run.number} ${direction} ${step}`;

function nextTasks<Subject, Event extends Fact>(
  { name, steps }: Process<Subject, Event>,
  { subject, run }: UnderWay<Subject>,
  bounds: StepBounds,
): readonly Task<Event>[] {
  const current = steps.findIndex(({ records }) => !run.recorded.has(records));
  if (current < 0) throw new Error(`${name} has no step left, yet it is under way`);
  const others = steps.findIndex(({ beside }, at) => at > current && !beside);
  const end = others < 0 ? steps.length : others;
  if (!run.undoing)
    return steps
      .slice(current, end)
      .filter(({ records }) => !run.recorded.has(records))
      .map((step) => toDo(step, subject, bounds));
  // upward from what was not finished: any of it may be half done
  const last = steps.slice(0, end).findLast(({ undo }) => undo && !run.recorded.has(undo.records));
  return last ? toUndo(last, subject, bounds) : [];
}

const toDo = <Subject, Event extends Fact>(
  step: Step<Subject, Event>,
  subject: Subject,
  bounds: StepBounds,
): Task<Event> => ({
  step: step.name,
  direction: 'do',
  bounds: boundsOf(step, bounds),
  quick: step.quick ?? false,
  run: (signal, report) => step.do(subject, signal, report),
});

function toUndo<Subject, Event extends Fact>(
  step: Step<Subject, Event>,
  subject: Subject,
  bounds: StepBounds,
): readonly Task<Event>[] {
  const { undo } = step;
  if (!undo) return [];
  const event = { type: undo.records, data: {} } as Event;
  const run = (signal: AbortSignal) => undo.run(subject, signal).then(() => event);
  return [{ step: step.name, direction: 'undo', bounds: boundsOf(step, bounds), quick: false, run }];
}

const boundsOf = (step: Partial<StepBounds>, otherwise: StepBounds): StepBounds => ({
  timeoutMs: step.timeoutMs ?? otherwise.timeoutMs,
  retry: step.retry ?? otherwise.retry,
  deadlineMs: step.deadlineMs ?? otherwise.deadlineMs,
});
