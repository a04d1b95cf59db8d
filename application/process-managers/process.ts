/**
 * A process is a table of steps. `turn` folds the project's stream, does the first step whose event is
 * missing and records it. The stream is the only input: a missed, doubled, late or replayed wake-up changes
 * nothing, and a crash anywhere is continued by the next turn.
 */
import type {
  OutcomeEvent,
  EffectEvent,
  ProcessName,
  ProjectEvent,
  RequestEvent,
} from '../../domain/project/events.ts';
import type { ProcessRun } from '../../domain/project/process-run.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { reasonOf, Unavailable } from '../errors.ts';
import { appendSettled } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import { Conflict, type EventMetadata, type EventStore, type StoredEvent } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import { loadProject } from '../project/load-project.ts';

export interface Undo {
  readonly records: EffectEvent['type'];
  run(project: ExistingProject): Promise<void>;
}

export interface Step {
  readonly name: string;
  /** the event that says that the step is done; the last step of a process records its outcome */
  readonly records: EffectEvent['type'] | OutcomeEvent['type'];
  /** An idempotent "ensure" or "remove". @returns the event to record, or an outcome that ends the process here */
  do(project: ExistingProject): Promise<ProjectEvent>;
  /** null: nothing stands afterwards that the steps above do not take away */
  readonly undo: Undo | null;
  readonly timeoutMs: number;
}

export interface Process {
  readonly name: ProcessName;
  readonly startedBy: readonly RequestEvent['type'][];
  readonly steps: readonly Step[];
  /** The outcome when a step gives up and the project can do without this. Default: it is suspended. */
  readonly giveUp?: (project: ExistingProject, step: string, reason: string) => OutcomeEvent;
}

export type StepMoment = 'before-effect' | 'during-effect' | 'after-effect' | 'after-append';

/** Where a turn is; crash tests end the process here. */
export interface StepPoint {
  readonly project: ProjectId;
  readonly process: ProcessName;
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

export interface RetryPolicy {
  readonly tries: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** a step gives up after this long, however few tries it had; counted over restarts */
  readonly deadlineMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = {
  // a minute and a half: the log goes on while the projects' PostgreSQL restarts after an update, or recovers
  tries: 12,
  firstPauseMs: 200,
  longestPauseMs: 15_000,
  deadlineMs: 180_000,
};

export interface TurnDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly processes: Readonly<Record<ProcessName, Process>>;
  readonly retries: RetryPolicy;
  readonly observe: (point: StepPoint) => void;
  /** Runs the effect, at once, and gives what it gives; for measuring. */
  readonly around: <T>(tried: StepTry, effect: () => Promise<T>) => Promise<T>;
}

/** `idle`: nothing to do until somebody asks for something; `waiting`: nothing to do before `until`. */
export type TurnResult =
  | { readonly kind: 'progressed' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly until: Date };

type Task = {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly timeoutMs: number;
  run(): Promise<ProjectEvent>;
};

/** a pause is half as long to half as long again */
const MOST_JITTER = 1.5;

const PROGRESSED: TurnResult = { kind: 'progressed' };
const IDLE: TurnResult = { kind: 'idle' };

/** @throws {Unavailable} when the log itself is away; nothing can be recorded then, so ask again later */
export async function turn(dependencies: TurnDependencies, id: ProjectId): Promise<TurnResult> {
  const loaded = await loadProject(dependencies.store, id);
  if (!loaded?.project.run || loaded.project.status === 'suspended') return IDLE;
  const { project, history } = loaded;
  const { run } = loaded.project;
  const process = dependencies.processes[run.process];
  const now = dependencies.clock.now();
  const task = nextTask(process, project, run);
  const reason = task ? `${process.name}: ${task.step}` : `${process.name}: undone`;
  const metadata = { ...metadataOf(history, process), reason };
  const record = (events: readonly ProjectEvent[]) => append(dependencies, project, metadata, events);
  if (!task) return record([outcomeOfUndo(run)]);
  const until = run.trouble?.retryAt;
  if (until && isAhead(until, now, dependencies.retries)) return { kind: 'waiting', until };

  const { step, direction } = task;
  const here = { project: id, process: run.process, step, direction };
  const at = (moment: StepMoment) => dependencies.observe({ ...here, moment });
  const tried = { ...here, attempt: attemptOf(run, step), correlationId: metadata.correlationId };
  const performed = await perform(dependencies, task, tried, at);
  if ('error' in performed) {
    const { error } = performed;
    dependencies.log.warn({ project: id, step, direction, err: error }, 'a step failed');
    return record(failure(dependencies, process, project, run, task, error));
  }
  const result = await record([performed.event]);
  at('after-append');
  return result;
}

/** No pause is as long as what the clock was set back by: then the time has come. */
const isAhead = (until: Date, now: Date, { longestPauseMs }: RetryPolicy): boolean =>
  until > now && until.getTime() - now.getTime() <= longestPauseMs * MOST_JITTER;

function nextTask(process: Process, project: ExistingProject, run: ProcessRun): Task | undefined {
  if (run.undoing) return nextUndo(process, project, run, run.undoing.step);
  const step = process.steps.find(({ records }) => !run.recorded.has(records));
  if (!step) throw new Error(`${process.name} has no step left, yet it is under way`);
  return { step: step.name, direction: 'do', timeoutMs: step.timeoutMs, run: () => step.do(project) };
}

/** Upward from the failed step itself: it may have been half done. */
function nextUndo(
  process: Process,
  project: ExistingProject,
  run: ProcessRun,
  failed: string,
): Task | undefined {
  const reached = process.steps.slice(0, process.steps.findIndex(({ name }) => name === failed) + 1);
  const step = reached.findLast(({ undo }) => undo !== null && !run.recorded.has(undo.records));
  const undo = step?.undo;
  if (!step || !undo) return undefined;
  const event = { type: undo.records, data: {} } as ProjectEvent;
  return {
    step: step.name,
    direction: 'undo',
    timeoutMs: step.timeoutMs,
    run: () => undo.run(project).then(() => event),
  };
}

const outcomeOfUndo = (run: ProcessRun): ProjectEvent => ({
  type: 'ProvisioningFailed',
  data: { step: run.undoing?.step ?? 'unknown', reason: run.undoing?.reason ?? 'unknown' },
});

type Performed = { readonly event: ProjectEvent } | { readonly error: unknown };

async function perform(
  { clock, around }: TurnDependencies,
  task: Task,
  tried: StepTry,
  at: (moment: StepMoment) => void,
): Promise<Performed> {
  at('before-effect');
  const over = new AbortController();
  const tooLate = clock.sleep(task.timeoutMs, over.signal).then(() => {
    throw new Unavailable(`finish ${task.step} within ${task.timeoutMs / 1000} s`);
  });
  const settled = around(tried, async () => Promise.race([task.run(), tooLate]))
    .then(
      (event): Performed => ({ event }),
      (error: unknown): Performed => ({ error }),
    )
    .finally(() => over.abort());
  at('during-effect');
  const performed = await settled;
  if ('event' in performed) at('after-effect');
  return performed;
}

const attemptOf = ({ trouble }: ProcessRun, step: string): number =>
  (trouble?.step === step ? trouble.attempt : 0) + 1;

/** What a failed try means: another one later, undo from here, the process's own way out, or an operator who looks. */
function failure(
  { clock, ids, retries }: TurnDependencies,
  process: Process,
  project: ExistingProject,
  run: ProcessRun,
  task: Task,
  error: unknown,
): readonly ProjectEvent[] {
  const { step, direction } = task;
  const now = clock.now().getTime();
  const attempt = attemptOf(run, step);
  const exhausted = attempt >= retries.tries || now - run.stepSince.getTime() >= retries.deadlineMs;
  const final = exhausted || !(error instanceof Unavailable);
  const pauseMs =
    Math.min(retries.firstPauseMs * 2 ** (attempt - 1), retries.longestPauseMs) *
    (MOST_JITTER - ids.random());
  const retryAt = final ? null : new Date(now + pauseMs).toISOString();
  const reason = reasonOf(error);
  const failed: ProjectEvent = { type: 'StepFailed', data: { step, direction, attempt, reason, retryAt } };
  const undoes = run.process === 'provision' && direction === 'do';
  if (!final || undoes) return [failed];
  return [
    failed,
    process.giveUp?.(project, step, reason) ?? { type: 'ProjectSuspended', data: { step, reason } },
  ];
}

/** At the revision that was folded: a twin, or a zombie that comes back late, gets a conflict and looks again. */
async function append(
  { store, ids }: TurnDependencies,
  project: ExistingProject,
  metadata: EventMetadata,
  events: readonly ProjectEvent[],
): Promise<TurnResult> {
  const fresh = events.map(({ type, data }) => ({ id: ids.uuid(), type, data, metadata }));
  try {
    await appendSettled(store, projectStream(project.id), project.revision, fresh);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
  return PROGRESSED;
}

function metadataOf(history: readonly StoredEvent[], process: Process): Omit<EventMetadata, 'reason'> {
  const request = history.findLast(({ type }) => process.startedBy.some((one) => one === type));
  const cause = history.at(-1);
  return {
    correlationId: request?.metadata.correlationId ?? cause?.metadata.correlationId ?? 'unknown',
    causationId: cause?.id ?? null,
    actor: { kind: 'process', id: process.name },
  };
}
