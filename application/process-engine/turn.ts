/**
 * `turn` folds an aggregate's stream, does the first steps whose events are missing and records them in one append: those
 * that need nothing of each other at the same time, then what is quick. The stream is the only input: a missed, doubled,
 * late or replayed wake-up changes nothing, and a crash anywhere is continued by the next turn.
 */
import { fold, type Recorded } from '../../domain/decider.ts';
import { Unavailable } from '../errors.ts';
import { appendSettled, readOrEmpty, recorded } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import {
  Conflict,
  type EventMetadata,
  type EventStore,
  type NewEvent,
  type StoredEvent,
} from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Progress } from '../ports/step-progress.ts';
import { Abandoned, type Effect, type EffectsUnderWay } from './effects-under-way.ts';
import { keyOf, lookAt, type Look, type Task } from './next-tasks.ts';
import type { Fact, Host, StepBounds, StepMoment, StepPoint, StepTry } from './process.ts';
import { attemptOf, failure, isAhead, outcomeOfUndo } from './step-trouble.ts';

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

/** What follows from which revision of a stream. */
interface Place {
  readonly stream: string;
  readonly revision: number;
  readonly metadata: Omit<EventMetadata, 'reason'>;
}

/** A fact, and why it is recorded. */
interface Reasoned {
  readonly fact: Fact;
  readonly reason: string;
}

type Performed<Event> = { readonly event: Event } | { readonly error: unknown };

interface Tried<Event> {
  readonly task: Task<Event>;
  readonly performed: Performed<Event>;
  readonly at: (moment: StepMoment) => void;
}

const YIELDS_FOR_MS = 100;

const PROGRESSED: TurnResult = { kind: 'progressed' };
const IDLE: TurnResult = { kind: 'idle' };

/** @throws {Unavailable} when the log itself is away; nothing can be recorded then, so ask again later */
export async function turn<State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  stream: string,
): Promise<TurnResult> {
  const { store, effects, bounds, clock, ids, othersWait } = dependencies;
  const history = await readOrEmpty(store, stream);
  const state = fold(host.aggregate.decider, recorded<Event>(history));
  const look = lookAt(host, state, bounds);
  const former = effects.of(stream);
  if (former.length > 0) {
    abandonOthers(former, look);
    return { kind: 'unsettled', settled: Promise.all(former.map(({ settled }) => settled)).then(() => {}) };
  }
  if (!look) return IDLE;
  if (look.process.yields && othersWait?.(stream))
    return { kind: 'waiting', until: new Date(clock.now().getTime() + YIELDS_FOR_MS * (0.5 + ids.random())) };
  const { process, tasks, run, subject } = look;
  const metadata = metadataOf(history, process);
  const place = { stream, revision: history.at(-1)?.revision ?? -1, metadata };
  if (tasks.length === 0) {
    const fact = outcomeOfUndo(process, subject, run);
    return append(dependencies, place, [{ fact, reason: `${process.name}: undone` }]);
  }
  const until = run.trouble?.retryAt;
  if (until && isAhead(until, clock.now(), tasks)) return { kind: 'waiting', until };
  return goOn(dependencies, host, place, state, look);
}

/** Does what there is to do, and what is quick after it, and records all of it. */
async function goOn<State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  place: Place,
  from: State,
  first: Look<Subject, Event>,
): Promise<TurnResult> {
  const [facts, done]: [Reasoned[], Tried<Event>[]] = [[], []];
  let state = from;
  for (let look: Look<Subject, Event> | undefined = first; look;) {
    const tried: readonly Tried<Event>[] = await tryAll(dependencies, host, place, look);
    for (const reasoned of outcomesOf(dependencies, host, look, tried)) {
      facts.push(reasoned);
      const [revision, recordedAt] = [place.revision + facts.length, dependencies.clock.now()];
      state = host.aggregate.decider.evolve(state, {
        ...reasoned.fact,
        revision,
        recordedAt,
      } as Recorded<Event>);
    }
    const successes = tried.filter(({ performed }) => 'event' in performed);
    done.push(...successes);
    const next: Look<Subject, Event> | undefined =
      successes.length === tried.length ? lookAt(host, state, dependencies.bounds) : undefined;
    look = next && next.tasks.length > 0 && next.tasks.every(({ quick }) => quick) ? next : undefined;
  }
  // nothing but what nobody wanted any more
  if (facts.length === 0) return PROGRESSED;
  const result = await append(dependencies, place, facts);
  for (const { at } of done) at('after-append');
  return result;
}

/** One try of each, at the same time. */
const tryAll = <State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  { aggregate }: Host<State, Subject, Event, Name>,
  { stream, revision, metadata: { correlationId } }: Place,
  { process, tasks, run }: Look<Subject, Event>,
): Promise<readonly Tried<Event>[]> =>
  Promise.all(
    tasks.map(async (task) => {
      const { step, direction } = task;
      const id = stream.slice(aggregate.streamPrefix.length);
      const here = { aggregate: aggregate.name, id, process: process.name, step, direction };
      const at = (moment: StepMoment) => dependencies.observe({ ...here, moment });
      const tried = { ...here, attempt: attemptOf(run, step), correlationId };
      const from = { key: keyOf(run, task), revision };
      const performed = await perform(dependencies, stream, from, task, tried, at);
      if ('error' in performed) {
        const { error } = performed;
        const about = { [aggregate.name]: id, step, direction, err: error };
        if (error instanceof Abandoned) dependencies.log.info(about, 'a step was stopped');
        else dependencies.log.warn(about, 'a step failed');
      }
      return { task, performed, at };
    }),
  );

/** What was done, and of what failed the one that says most: there is no use in another try of it. */
function outcomesOf<State, Subject, Event extends Fact, Name extends string>(
  dependencies: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  look: Look<Subject, Event>,
  tried: readonly Tried<Event>[],
): readonly Reasoned[] {
  const facts: Reasoned[] = [];
  const failed: { readonly task: Task<Event>; readonly error: unknown }[] = [];
  const reasonOf = ({ step }: Task<Event>) => `${look.process.name}: ${step}`;
  for (const { task, performed } of tried) {
    if ('event' in performed) facts.push({ fact: performed.event, reason: reasonOf(task) });
    else if (!(performed.error instanceof Abandoned)) failed.push({ task, error: performed.error });
  }
  const told = failed.find(({ error }) => !(error instanceof Unavailable)) ?? failed[0];
  if (told) {
    const { task, error } = told;
    const reason = reasonOf(task);
    facts.push(...failure(dependencies, host, look, task, error).map((fact) => ({ fact, reason })));
  }
  return facts;
}

/**
 * Stops the effects that are under way and are not what their aggregate wants any more: its process was cancelled, or
 * another one went before it. Meant for whoever hears of events meanwhile.
 */
export async function stopUnwanted<State, Subject, Event extends Fact, Name extends string>(
  { store, effects, bounds }: TurnDependencies,
  host: Host<State, Subject, Event, Name>,
  stream: string,
): Promise<void> {
  const history = await readOrEmpty(store, stream);
  const revision = history.at(-1)?.revision ?? -1;
  // one may have been begun since, and so follow from what is newer than what was read here
  const older = effects.of(stream).filter((effect) => revision > effect.revision);
  if (older.length === 0) return;
  const state = fold(host.aggregate.decider, recorded<Event>(history));
  abandonOthers(older, lookAt(host, state, bounds));
}

function abandonOthers<Subject, Event extends Fact>(
  effects: readonly Effect[],
  look: Look<Subject, Event> | undefined,
): void {
  const wanted = look?.tasks.map((task) => keyOf(look.run, task)) ?? [];
  for (const effect of effects)
    if (!wanted.includes(effect.key)) effect.abandon('something else goes before it');
}

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

/** At the revision that was folded: a twin, or a zombie that comes back late, gets a conflict and looks again. */
async function append(
  { store, ids }: TurnDependencies,
  { stream, revision, metadata }: Place,
  facts: readonly Reasoned[],
): Promise<TurnResult> {
  const fresh: NewEvent[] = [];
  for (const { fact, reason } of facts) {
    // each follows from the one before it
    const causationId = fresh.at(-1)?.id ?? metadata.causationId;
    const { type, data } = fact;
    fresh.push({ id: ids.uuid(), type, data, metadata: { ...metadata, causationId, reason } });
  }
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
