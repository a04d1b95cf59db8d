/**
 * What our EventStoreDB for tests holds, in memory: it outlives a restart of the server. Where the real one does
 * something that an adapter can trip over, so does this: positions with gaps, system events between those of the
 * application, and idempotency that looks at ids only.
 */
import { randomUUID } from 'node:crypto';

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
      readonly written: true;
      readonly revision: number;
      readonly position: bigint;
      /** the same ids stood there before */
      readonly repeated: boolean;
    }
  | { readonly written: false; readonly current: number | 'none' };

/** about what a record takes in the real log beside its payload */
const RECORD_BYTES = 120;

export class EsdbLog {
  readonly events: LoggedEvent[] = [];
  readonly #streams = new Map<string, LoggedEvent[]>();
  /** the real server's cache of ids written lately, the only thing that it asks for `any` and `exists` */
  readonly #recent = new Map<string, LoggedEvent>();
  readonly #waiting = new Set<() => void>();
  #end = 1_000n;
  #writes = 0;

  constructor() {
    this.#record('$$$settings', system('$metadata'));
  }

  stream(name: string): readonly LoggedEvent[] | undefined {
    return this.#streams.get(name);
  }

  /** Multi-event writes are atomic; ids decide alone whether a write is a repetition, content is not compared. */
  write(stream: string, expected: Expectation, proposed: readonly ProposedEvent[]): WriteResult {
    const last = (this.stream(stream)?.length ?? 0) - 1;
    const wrong: WriteResult = { written: false, current: last < 0 ? 'none' : last };
    if (expected === 'exists' && last < 0) return wrong;
    const repeated =
      expected === 'any' || expected === 'exists'
        ? this.#repeatedLately(stream, proposed)
        : this.#repeatedAt(stream, expected === 'none' ? -1 : expected, last, proposed);
    if (repeated === 'wrong') return wrong;
    if (repeated) return result(repeated, true);
    this.#writes += 1;
    if (this.#writes % 3 === 1) this.#record('$stats-127.0.0.1:2113', system('$statsCollected'));
    const written = proposed.map((event) => this.#record(stream, event)).at(-1);
    this.#followUp(stream);
    for (const wake of this.#waiting) wake();
    return written ? result(written, false) : wrong;
  }

  /** As a restart does: which ids were written lately is no longer known. */
  forgetRecent(): void {
    this.#recent.clear();
  }

  /** Puts another event in the place of one, or none, as somebody does who edits the files. */
  tamper(event: LoggedEvent, change: Partial<LoggedEvent> | 'remove'): void {
    const changed = change === 'remove' ? [] : [{ ...event, ...change }];
    this.events.splice(this.events.indexOf(event), 1, ...changed);
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

  /** The index of the first event at or after a position. */
  indexAt(position: bigint): number {
    let low = 0;
    for (let high = this.events.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.position ?? position) < position) low = middle + 1;
      else high = middle;
    }
    return low;
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
    this.#recent.set(event.id, event);
    return event;
  }

  /** What a real server and its projections write when something was written. */
  #followUp(stream: string): void {
    if (this.#writes % 4 === 1) this.#record('$ce-test', system('$>', `0@${stream}`));
    if (this.#writes % 7 === 1) this.#record('links-of-somebody', system('$>', `0@${stream}`));
    if (this.#writes % 9 === 1) this.#record('$projections-$counts-result', system('Result'));
  }
}

const result = ({ revision, position }: LoggedEvent, repeated: boolean): WriteResult => ({
  written: true,
  revision,
  position,
  repeated,
});

const system = (type: string, data = '{}'): ProposedEvent => ({
  id: randomUUID(),
  type,
  contentType: type === '$>' ? 'application/octet-stream' : 'application/json',
  data: Buffer.from(data),
  metadata: Buffer.alloc(0),
});
