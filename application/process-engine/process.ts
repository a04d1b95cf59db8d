/**
 * A process is a table of steps, and any aggregate may have some: its decider folds its stream, and its state says which
 * process is under way (`run`). Nothing here knows what an aggregate is about.
 */
import type { Decider } from '../../domain/decider.ts';
import type { Failure, ProcessRules } from '../../domain/process/process-rules.ts';
import type { ProcessRun } from '../../domain/process/process-run.ts';
import type { Progress } from '../ports/step-progress.ts';

export type Fact = { readonly type: string; readonly data: unknown };

/** As often as one likes; it costs nothing and never throws. */
export type Report = (progress: Progress) => void;

export interface RetryPolicy {
  readonly tries: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** What a step may say for itself, and what it gets otherwise. */
export interface StepBounds {
  /** of one try, after which it is stopped; Infinity: it takes as long as it takes */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /**
   * A try that fails later than this is the last one, however few there were; counted over restarts. A step whose tries may
   * take longer says its own.
   */
  readonly deadlineMs: number;
}

export const DEFAULT_BOUNDS: StepBounds = {
  timeoutMs: 15_000,
  // a minute and a half: the log goes on while the projects' PostgreSQL restarts after an update, or recovers
  retry: { tries: 12, firstPauseMs: 200, longestPauseMs: 15_000 },
  deadlineMs: 180_000,
};

export interface Undo<Subject, Event extends Fact> {
  readonly records: Event['type'];
  run(subject: Subject, signal: AbortSignal): Promise<void>;
}

export interface Step<Subject, Event extends Fact> extends Partial<StepBounds> {
  readonly name: string;
  /** it needs nothing of the row above it: both are done at the same time, and recorded together when both are done */
  readonly beside?: boolean;
  /** it takes next to no time, so it is recorded together with the row above it */
  readonly quick?: boolean;
  /** the event that says that the step is done; the last step of a process records its outcome */
  readonly records: Event['type'];
  /**
   * An idempotent "ensure" or "remove".
   * @param signal aborts when nobody waits for it any more (time-out, cancelled, superseded, we stop): give it to whatever
   * can be stopped, since there is no other try before this one has settled
   * @returns the event to record, or an outcome that ends the process here
   */
  do(subject: Subject, signal: AbortSignal, report: Report): Promise<Event>;
  /** none: nothing stands afterwards that the steps above do not take away */
  readonly undo?: Undo<Subject, Event>;
}

export interface Process<Subject, Event extends Fact> extends ProcessRules<Subject, Event> {
  readonly name: string;
  readonly steps: readonly Step<Subject, Event>[];
}

export interface UnderWay<Subject, Name extends string = string> {
  readonly subject: Subject;
  readonly run: ProcessRun<Name>;
}

export interface Aggregate<State, Subject, Event extends Fact, Name extends string> {
  /** what it is, in log lines, metrics and traces: `project` */
  readonly name: string;
  /** of its streams; what follows is the id */
  readonly streamPrefix: string;
  readonly decider: Pick<Decider<State, never, Event>, 'initial' | 'evolve'>;
  /** undefined: there is nothing to do, since no process is under way, or it waits for an operator */
  underWay(state: State): UnderWay<Subject, Name> | undefined;
  /** what is recorded when nothing goes on until an operator looks */
  suspended(subject: Subject, failure: Failure): Event;
}

/** An aggregate with its processes: what the engine works on. */
export interface Host<State, Subject, Event extends Fact, Name extends string> {
  readonly aggregate: Aggregate<State, Subject, Event, Name>;
  readonly processes: Readonly<Record<Name, Process<Subject, Event>>>;
}

export type StepMoment = 'before-effect' | 'during-effect' | 'after-effect' | 'after-append';

/** Where a turn is; crash tests end the process here. */
export interface StepPoint {
  /** the name of the aggregate, and which one */
  readonly aggregate: string;
  readonly id: string;
  readonly process: string;
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly moment: StepMoment;
}

/** One try of a step's effect. */
export interface StepTry extends Omit<StepPoint, 'moment'> {
  /** from 1 */
  readonly attempt: number;
  /** of the request that it follows from */
  readonly correlationId: string;
}
