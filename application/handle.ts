/**
 * The one command handler: load the stream, fold it, decide, append at the revision that was folded. A
 * conflict means that somebody else was quicker: decide again on what is true now, a bounded number of times.
 */
import { fold, type Decider, type Recorded } from '../domain/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import {
  Conflict,
  OutcomeUnknown,
  StreamNotFound,
  type Appended,
  type CommandLog,
  type EventMetadata,
  type ExpectedRevision,
  type NewEvent,
  type ReadStreamOptions,
  type StoredEvent,
} from './ports/event-store.ts';
import type { Ids } from './ports/ids.ts';

export interface HandleOptions<State> {
  /** `If-Match`: the revision that the caller has seen */
  readonly ifRevision?: number;
  /** throws when this caller may not touch this state, before anything is decided */
  readonly guard?: (state: State) => void;
  /** each event of the stream tells the whole state: no other than the last is read */
  readonly lastTellsAll?: boolean;
}

export interface Handled<State> {
  readonly state: State;
  readonly revision: number;
  /** of the last event appended, or null when there was nothing to do */
  readonly position: bigint | null;
}

type Fact = { readonly type: string; readonly data: unknown };
type Dependencies = { readonly store: CommandLog; readonly ids: Ids };

/** the last event of a stream alone */
export const LAST = { direction: 'backward', limit: 1 } as const;
const CONFLICT_TRIES = 5;
const UNKNOWN_TRIES = 3;

/**
 * @throws {Rejection} the business says no
 * @throws {Conflict} five others in a row were quicker
 */
export async function handle<State, Command, Event extends Fact>(
  { store, ids }: Dependencies,
  decider: Decider<State, Command, Event>,
  stream: string,
  command: Command,
  metadata: EventMetadata,
  options: HandleOptions<State> = {},
): Promise<Handled<State>> {
  for (let tries = 1; ; tries++) {
    const history = await readOrEmpty(store, stream, options.lastTellsAll ? LAST : {});
    const state = fold(decider, recorded<Event>(history));
    const revision = history.at(-1)?.revision ?? -1;
    options.guard?.(state);
    if (options.ifRevision !== undefined && options.ifRevision !== revision) throw revisionMismatch(revision);
    const events = decider.decide(command, state);
    if (events.length === 0) return { state, revision, position: null };
    const fresh = events.map((event) => ({ id: ids.uuid(), type: event.type, data: event.data, metadata }));
    try {
      const appended = await appendSettled(store, stream, revision < 0 ? 'none' : revision, fresh);
      return { state, revision: appended.revision, position: appended.position };
    } catch (error) {
      if (!(error instanceof Conflict) || tries === CONFLICT_TRIES) throw error;
    }
  }
}

/** Appends, and when the connection dies meanwhile, asks again with the same ids until the outcome is known. */
export async function appendSettled(
  store: Pick<CommandLog, 'append'>,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): Promise<Appended> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.append(stream, expected, events);
    } catch (error) {
      if (!(error instanceof OutcomeUnknown) || tries === UNKNOWN_TRIES) throw error;
    }
  }
}

export async function readOrEmpty(
  store: Pick<CommandLog, 'readStream'>,
  stream: string,
  options: ReadStreamOptions = {},
): Promise<readonly StoredEvent[]> {
  try {
    return await store.readStream(stream, options);
  } catch (error) {
    if (error instanceof StreamNotFound) return [];
    throw error;
  }
}

/** The log's events as the fold of their aggregate reads them; the stream's name says which aggregate. */
export const recorded = <Event extends Fact>(history: readonly StoredEvent[]): Recorded<Event>[] =>
  history.map(
    ({ type, data, revision, recordedAt }) => ({ type, data, revision, recordedAt }) as Recorded<Event>,
  );

function revisionMismatch(revision: number): Rejection {
  return new Rejection(
    'project/revision-mismatch',
    'The project has changed since you read it; read it again.',
    {
      revision,
    },
  );
}
