/**
 * What our EventStoreDB for tests holds, in memory: it outlives a restart of the server. Where the real one does
 * something that an adapter can trip over, so does this: positions with gaps, system events between those of the
 * application, idempotency that looks at ids only and not before they are indexed, streams that begin later.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface LoggedEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  /** commit and prepare position: one and the same since server 20.6 */
  readonly position: bigint;
  readonly created: Date;
}

export type Expectation = 'any' | 'none' | 'exists' | number;

export type WriteResult =
  | {
      readonly kind: 'written';
      readonly revision: number;
      /** undefined: its event is gone from the log */
      readonly position: bigint | undefined;
      /** the same ids stood there before */
      readonly repeated: boolean;
      /** before that, nobody is told, and the same ids are dropped */
      readonly indexed: Promise<void>;
    }
  | { readonly kind: 'wrong-version'; readonly current: number | 'none' }
  /** the same ids are being written by somebody else: the real server drops this and never answers it */
  | { readonly kind: 'not-indexed' }
  | { readonly kind: 'deleted' };

/** What a stream looks like from outside: what `$maxCount` or `$tb` hide is not among its events. */
export type Stream = 'missing' | 'tombstoned' | readonly LoggedEvent[];

/** about what a record takes in the real log beside its payload */
const RECORD_BYTES = 120;
const RECENT_IDS = 100_000;
/** `$tb` of a deleted stream, and the revision of a tombstone */
export const END_OF_STREAM = 2 ** 63;

export class EsdbLog {
  readonly events: LoggedEvent[] = [];
  /** how long a write takes to be indexed; 0: until the next turn of the event loop */
  indexingMs = 0;
  readonly #streams = new Map<string, LoggedEvent[]>();
  readonly #tombstoned = new Set<string>();
  readonly #notIndexed = new Set<LoggedEvent>();
  /** places of events that were taken out */
  readonly #emptied = new Set<bigint>();
  /** the real server's cache of ids written lately, the only thing that it asks for `any` and `exists` */
  readonly #recent = new Map<string, LoggedEvent>();
  readonly #recentIds: number;
  readonly #waiting = new Set<() => void>();
  #end = 1_000n;
  #writes = 0;

  constructor({ recentIds = RECENT_IDS }: { readonly recentIds?: number } = {}) {
    this.#recentIds = recentIds;
    this.#record('$$$settings', system('$metadata'));
  }

  /** All events of a stream, also those that nobody is shown any more. */
  stream(name: string): readonly LoggedEvent[] | undefined {
    return this.#streams.get(name);
  }

  shown(name: string): Stream {
    const history = this.#streams.get(name);
    if (this.#tombstoned.has(name)) return 'tombstoned';
    if (!history || this.#isDeleted(name)) return 'missing';
    const { $maxCount, $tb = 0 } = this.#metadata(name);
    const first = Math.max($tb, $maxCount === undefined ? 0 : history.length - $maxCount);
    return first === 0 ? history : history.slice(first);
  }

  /** Multi-event writes are atomic; ids decide alone whether a write is a repetition, content is not compared. */
  write(stream: string, expected: Expectation, proposed: readonly ProposedEvent[]): WriteResult {
    const last = (this.stream(stream)?.length ?? 0) - 1;
    const deleted = this.#isDeleted(stream);
    if (this.#tombstoned.has(stream) || (deleted && expected === 'exists')) return { kind: 'deleted' };
    const wrong: WriteResult = { kind: 'wrong-version', current: last < 0 ? 'none' : last };
    if (expected === 'exists' && last < 0) return wrong;
    const repeated =
      expected === 'any' || expected === 'exists'
        ? this.#repeatedLately(stream, proposed)
        : this.#repeatedAt(stream, expected === 'none' ? -1 : expected, last, proposed);
    if (repeated === 'wrong' && !(deleted && expected === 'none')) return wrong;
    if (repeated && repeated !== 'wrong') return this.#repetition(repeated);
    this.#writes += 1;
    if (this.#writes % 3 === 1) this.#record('$stats-127.0.0.1:2113', system('$statsCollected'));
    const written = proposed.map((event) => this.#record(stream, event));
    if (deleted) this.#record(`$$${stream}`, system('$metadata', `{"$tb":${last + 1}}`));
    this.#followUp(stream);
    for (const wake of this.#waiting) wake();
    const { revision = last, position } = written.at(-1) ?? {};
    return { kind: 'written', revision, position, repeated: false, indexed: this.#index(written) };
  }

  /** As a deletion that can be taken back does it, by the stream's metadata; with `forGood` by a tombstone. */
  delete(stream: string, forGood: boolean): LoggedEvent {
    if (!forGood) {
      return this.#record(`$$${stream}`, system('$metadata', '{"$tb":9223372036854775807}'));
    }
    this.#tombstoned.add(stream);
    const { position } = this.#record(stream, system('$streamDeleted'));
    const tombstone = { ...(this.events.at(-1) as LoggedEvent), revision: END_OF_STREAM, position };
    this.events[this.events.length - 1] = tombstone;
    this.#streams.get(stream)?.pop();
    for (const wake of this.#waiting) wake();
    return tombstone;
  }

  /** As a restart does: which ids were written lately is no longer known. */
  forgetRecent(): void {
    this.#recent.clear();
  }

  /** Puts another event in the place of one, or none, as somebody does who edits the files, or a scavenge. */
  tamper(event: LoggedEvent, change: Partial<LoggedEvent> | 'remove'): void {
    const changed = change === 'remove' ? [] : [{ ...event, ...change }];
    this.events.splice(this.events.indexOf(event), 1, ...changed);
    if (change === 'remove') this.#emptied.add(event.position);
  }

  /** Resolves when the log has more than `count` events, or the signal aborts. */
  async longerThan(count: number, signal: AbortSignal): Promise<void> {
    while (this.events.length <= count && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      await promise;
      signal.removeEventListener('abort', wake);
      this.#waiting.delete(wake);
    }
  }

  /** The index of the first event at or after a position; undefined for a position that is no record's. */
  indexAt(position: bigint): number | undefined {
    const { length } = this.events;
    let low = 0;
    for (let high = length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.position ?? position) < position) low = middle + 1;
      else high = middle;
    }
    const known = low === length || this.events[low]?.position === position || this.#emptied.has(position);
    return known ? low : undefined;
  }

  #metadata(stream: string): { readonly $maxCount?: number; readonly $tb?: number } {
    const latest = this.#streams.get(`$$${stream}`)?.at(-1);
    return latest ? (JSON.parse(Buffer.from(latest.data).toString() || '{}') as object) : {};
  }

  #isDeleted(stream: string): boolean {
    return (this.#metadata(stream).$tb ?? 0) >= END_OF_STREAM;
  }

  #repetition(event: LoggedEvent): WriteResult {
    if (this.#notIndexed.has(event)) return { kind: 'not-indexed' };
    const gone = this.#emptied.has(event.position);
    const position = gone ? undefined : event.position;
    const { revision } = event;
    return { kind: 'written', revision, position, repeated: true, indexed: Promise.resolve() };
  }

  async #index(written: readonly LoggedEvent[]): Promise<void> {
    for (const event of written) this.#notIndexed.add(event);
    await (this.indexingMs > 0 ? sleep(this.indexingMs) : nextTurn());
    for (const event of written) this.#notIndexed.delete(event);
  }

  #repeatedLately(stream: string, proposed: readonly ProposedEvent[]): LoggedEvent | 'wrong' | undefined {
    const found = proposed
      .map(({ id }) => this.#recent.get(id))
      .map((event) => event?.stream === stream && event);
    if (!found[0]) return undefined;
    return found.every(Boolean) ? found.at(-1) || undefined : 'wrong';
  }

  #repeatedAt(
    stream: string,
    expected: number,
    last: number,
    proposed: readonly ProposedEvent[],
  ): LoggedEvent | 'wrong' | undefined {
    if (expected === last) return undefined;
    if (expected > last) return 'wrong';
    const there = this.stream(stream)?.slice(expected + 1, expected + 1 + proposed.length) ?? [];
    const same = proposed.every(({ id }, index) => there[index]?.id === id);
    return same ? there.at(-1) : 'wrong';
  }

  #record(stream: string, proposed: ProposedEvent): LoggedEvent {
    const history = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, history);
    const event = {
      ...proposed,
      stream,
      revision: history.length,
      position: this.#end,
      created: new Date(),
    };
    this.#end += BigInt(RECORD_BYTES + stream.length + event.data.length + event.metadata.length);
    this.events.push(event);
    history.push(event);
    this.#remember(event);
    return event;
  }

  #remember(event: LoggedEvent): void {
    this.#recent.set(event.id, event);
    for (const id of this.#recent.keys()) {
      if (this.#recent.size <= this.#recentIds) return;
      this.#recent.delete(id);
    }
  }

  /** What a real server and its projections write when something was written. */
  #followUp(stream: string): void {
    if (this.#writes % 4 === 1) this.#record('$ce-test', system('$>', `0@${stream}`));
    if (this.#writes % 7 === 1) this.#record('links-of-somebody', system('$>', `0@${stream}`));
    if (this.#writes % 9 === 1) this.#record('$projections-$counts-result', system('Result'));
  }
}

const system = (type: string, data = '{}'): ProposedEvent => ({
  id: randomUUID(),
  type,
  contentType: type === '$>' ? 'application/octet-stream' : 'application/json',
  data: Buffer.from(data),
  metadata: Buffer.alloc(0),
});
