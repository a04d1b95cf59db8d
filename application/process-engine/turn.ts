/**
 * `turn` folds an aggregate's stream, does the first step whose event is missing and records it. The stream is the only
 * input: a missed, doubled, late or replayed wake-up changes nothing, and a crash anywhere is continued by the next turn.
 */
import { fold } from '../../domain/decider.ts';
import type { StepTroubleEvent } from '../../domain/process/process-events.ts';
import type { ProcessRun } from '../../domain/process/process-run.ts';
import { pauseAfter } from '../background/back-off.ts';
import { reasonOf, Unavailable } from '../errors.ts';
import { appendSettled, readOrEmpty, recorded } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import { Conflict, type EventMetadata, type EventStore, type StoredEvent } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Progress } from '../ports/step-progress.ts';
import { Abandoned, type EffectsUnderWay } from './effects-under-way.ts';
import type {
  Fact,
  Host,
  Process,
  Report,
  StepBounds,
  StepMoment,
  StepPoint,
  StepTry,
  UnderWay,
} from './process.ts';

export interface TurnDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly effects: EffectsUnderWay;
  /** of steps that say nothing else */
  readonly bounds: StepBounds;
  readonly observe: (point: StepPoint) => void;
  /** Runs the effect, at once, and gives what it gives; for measuring. */
  readonly around: <T>(tried: StepTry, effect: () => Promise<T>) => Promise<T>;
  /** Whether anything else is under way or waits for its turn: a process that yields goes on when nothing does. */
  readonly othersWait?: (stream: string) => boolean;
  /** Told how far a long step is; undefined: it has ended. */
  readonly progress: (tried: StepTry, progress: Progress | undefined) => void;
}

/**
 * `idle`: nothing to do until somebody asks for something; `waiting`: nothing to do before `until`; `unsettled`: nothing may
 * be begun before what was aborted has ended.
 */
export type TurnResult =
  | { readonly kind: 'progressed' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly until: Date }
  | { readonly kind: 'unsettled'; readonly settled: Promise<void> };

interface Task<Event> {
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly bounds: StepBounds;
  run(signal: AbortSignal, report: Report): Promise<Event>;
}

interface Look<Subject, Event extends Fact> extends UnderWay<Subject> {
  readonly process: Process<Subject, Event>;
  /** undefined: everything is undone */
  readonly task: Task<Event> | undefined;
}

/** a pause is half as long to half as long again */
const MOST_JITTER = 1.5;

const YIELDS_FOR_MS = 100;

const PROGRESSED: TurnResult = { kind: 'progressed' };
const IDLE: TurnResult = { kind: 'idle' };

/** @throws {Unavailable} when the log itself is away; nothing can be recorded then, so ask again later */
export async function turn<State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  stream: string,
): Promise<TurnResult> {
  const history = await readOrEmpty(dependencies.store, stream);
  const look = lookAt(dependencies, host, history);
  const revision = history.at(-1)?.revision ?? -1;
  const former = dependencies.effects.of(stream);
  if (former) {
    if (former.key !== keyOf(look)) former.abandon('something else goes before it');
    return { kind: 'unsettled', settled: former.settled };
  }
  if (!look) return IDLE;
  const { clock, ids, othersWait } = dependencies;
  if (look.process.yields && othersWait?.(stream))
    return { kind: 'waiting', until: new Date(clock.now().getTime() + YIELDS_FOR_MS * (0.5 + ids.random())) };
  const { process, task, run, subject } = look;
  const reason = task ? `${process.name}: ${task.step}` : `${process.name}: undone`;
  const metadata = { ...metadataOf(history, process), reason };
  const record = (events: readonly Fact[]) => append(dependencies, stream, revision, metadata, events);
  if (!task) return record([outcomeOfUndo(process, subject, run)]);
  const until = run.trouble?.retryAt;
  if (until && isAhead(until, dependencies.clock.now(), task.bounds)) return { kind: 'waiting', until };

  const { aggregate } = host;
  const { step, direction } = task;
  const id = stream.slice(aggregate.streamPrefix.length);
  const here = { aggregate: aggregate.name, id, process: process.name, step, direction };
  const at = (moment: StepMoment) => dependencies.observe({ ...here, moment });
  const tried = { ...here, attempt: attemptOf(run, step), correlationId: metadata.correlationId };
  const performed = await perform(dependencies, stream, { key: keyOf(look), revision }, task, tried, at);
  if ('error' in performed) {
    const { error } = performed;
    const about = { [aggregate.name]: id, step, direction, err: error };
    if (error instanceof Abandoned) {
      dependencies.log.info(about, 'a step was stopped');
      return PROGRESSED;
    }
    dependencies.log.warn(about, 'a step failed');
    return record(failure(dependencies, host, look, task, error));
  }
  const result = await record([performed.event]);
  at('after-append');
  return result;
}

/**
 * Stops the effect that is under way if it is not what its aggregate wants any more: its process was cancelled, or another
 * one went before it. Meant for whoever hears of events meanwhile.
 */
export async function stopUnwanted<State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  stream: string,
): Promise<void> {
  const history = await readOrEmpty(dependencies.store, stream);
  const effect = dependencies.effects.of(stream);
  // it may have been begun since, and so follow from what is newer than what was read here
  if (!effect || (history.at(-1)?.revision ?? -1) <= effect.revision) return;
  if (effect.key !== keyOf(lookAt(dependencies, host, history)))
    effect.abandon('something else goes before it');
}

function lookAt<State, Subject, Event extends Fact, Name extends string>(
  { bounds }: TurnDependencies,
  { aggregate, processes }: Host<State, Subject, Event, Name>,
  history: readonly StoredEvent[],
): Look<Subject, Event> | undefined {
  const underWay = aggregate.underWay(fold(aggregate.decider, recorded<Event>(history)));
  if (!underWay) return undefined;
  const process = processes[underWay.run.process];
  return { ...underWay, process, task: nextTask(process, underWay, bounds) };
}

type Place = {
  readonly run: ProcessRun;
  readonly task: Pick<Task<unknown>, 'step' | 'direction'> | undefined;
};

const keyOf = (look: Place | undefined): string =>
  look?.task ? `${look.run.number} ${look.task.direction} ${look.task.step}` : '';

/** No pause is as long as what the clock was set back by: then the time has come. */
const isAhead = (until: Date, now: Date, { retry: { longestPauseMs } }: StepBounds): boolean =>
  until > now && until.getTime() - now.getTime() <= longestPauseMs * MOST_JITTER;

function nextTask<Subject, Event extends Fact>(
  process: Process<Subject, Event>,
  { subject, run }: UnderWay<Subject>,
  bounds: StepBounds,
): Task<Event> | undefined {
  const current = process.steps.findIndex(({ records }) => !run.recorded.has(records));
  const step = process.steps[current];
  if (!step) throw new Error(`${process.name} has no step left, yet it is under way`);
  if (!run.undoing) {
    const act = (signal: AbortSignal, report: Report) => step.do(subject, signal, report);
    return { step: step.name, direction: 'do', bounds: boundsOf(step, bounds), run: act };
  }
  // upward from the step that was not finished: it may be half done
  const last = process.steps
    .slice(0, current + 1)
    .findLast(({ undo }) => undo && !run.recorded.has(undo.records));
  const undo = last?.undo;
  if (!last || !undo) return undefined;
  const event = { type: undo.records, data: {} } as Event;
  const act = (signal: AbortSignal) => undo.run(subject, signal).then(() => event);
  return { step: last.name, direction: 'undo', bounds: boundsOf(last, bounds), run: act };
}

const boundsOf = (step: Partial<StepBounds>, otherwise: StepBounds): StepBounds => ({
  timeoutMs: step.timeoutMs ?? otherwise.timeoutMs,
  retry: step.retry ?? otherwise.retry,
  deadlineMs: step.deadlineMs ?? otherwise.deadlineMs,
});

function outcomeOfUndo<Subject, Event extends Fact>(
  { name, givesUp }: Process<Subject, Event>,
  subject: Subject,
  { undoing }: ProcessRun,
): Event {
  if (givesUp.kind === 'suspend') throw new Error(`${name} says nothing of what follows when it is undone`);
  return givesUp.outcome(subject, undoing ?? { step: 'unknown', reason: 'unknown' });
}

type Performed<Event> = { readonly event: Event } | { readonly error: unknown };

async function perform<Event extends Fact>(
  { clock, around, effects, progress }: TurnDependencies,
  stream: string,
  from: { readonly key: string; readonly revision: number },
  task: Task<Event>,
  tried: StepTry,
  at: (moment: StepMoment) => void,
): Promise<Performed<Event>> {
  at('before-effect');
  const { step, bounds } = task;
  const { timeoutMs } = bounds;
  const over = new AbortController();
  let told = false;
  const report = (how: Progress) => {
    if (over.signal.aborted) return;
    told = true;
    progress(tried, how);
  };
  const effect = () => {
    const begun = effects.begin(stream, { ...from, timeoutMs }, (signal) => task.run(signal, report));
    if (timeoutMs !== Infinity) {
      void clock.sleep(timeoutMs, over.signal).then(() => {
        if (!over.signal.aborted) begun.abort(new Unavailable(`finish ${step} within ${timeoutMs / 1000} s`));
      });
    }
    return begun.outcome;
  };
  const settled = around(tried, effect)
    .then(
      (event): Performed<Event> => ({ event }),
      (error: unknown): Performed<Event> => ({ error }),
    )
    .finally(() => over.abort());
  at('during-effect');
  const performed = await settled;
  if (told) progress(tried, undefined);
  if ('event' in performed) at('after-effect');
  return performed;
}

const attemptOf = ({ trouble }: ProcessRun, step: string): number =>
  (trouble?.step === step ? trouble.attempt : 0) + 1;

/** What a failed try means: another one later, undo from here, the process's own way out, or an operator who looks. */
function failure<State, Subject, Event extends Fact, Name extends string>(
  { clock, ids }: TurnDependencies,
  { aggregate }: Host<State, Subject, Event, Name>,
  { process: { givesUp }, subject, run }: Look<Subject, Event>,
  { step, direction, bounds: { retry, deadlineMs } }: Task<Event>,
  error: unknown,
): readonly Fact[] {
  const now = clock.now().getTime();
  const attempt = attemptOf(run, step);
  const exhausted = attempt >= retry.tries || now - run.stepSince.getTime() >= deadlineMs;
  const final = exhausted || !(error instanceof Unavailable);
  const pauses = { firstMs: retry.firstPauseMs, longestMs: retry.longestPauseMs };
  const pauseMs = pauseAfter(attempt, pauses) * (MOST_JITTER - ids.random());
  const retryAt = final ? null : new Date(now + pauseMs).toISOString();
  const reason = reasonOf(error);
  const failed: StepTroubleEvent = {
    type: 'StepFailed',
    data: { step, direction, attempt, reason, retryAt },
  };
  if (!final) return [failed];
  if (direction === 'undo' || givesUp.kind === 'suspend')
    return [failed, aggregate.suspended(subject, { step, reason })];
  // the fold turns it around, and its outcome comes when everything is undone
  return givesUp.kind === 'undo' ? [failed] : [failed, givesUp.outcome(subject, { step, reason })];
}

/** At the revision that was folded: a twin, or a zombie that comes back late, gets a conflict and looks again. */
async function append(
  { store, ids }: TurnDependencies,
  stream: string,
  revision: number,
  metadata: EventMetadata,
  events: readonly Fact[],
): Promise<TurnResult> {
  const fresh = events.map(({ type, data }) => ({ id: ids.uuid(), type, data, metadata }));
  try {
    await appendSettled(store, stream, revision, fresh);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
  return PROGRESSED;
}

function metadataOf(
  history: readonly StoredEvent[],
  { name, startedBy }: { readonly name: string; readonly startedBy: readonly string[] },
): Omit<EventMetadata, 'reason'> {
  const request = history.findLast(({ type }) => startedBy.includes(type));
  const cause = history.at(-1);
  return {
    correlationId: request?.metadata.correlationId ?? cause?.metadata.correlationId ?? 'unknown',
    causationId: cause?.id ?? null,
    actor: { kind: 'process', id: name },
  };
}
