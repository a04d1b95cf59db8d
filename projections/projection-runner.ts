/**
 * Keeps one view up to date. Any number of processes may run it: one leads, the others wait to take over.
 * There is one remedy for every trouble (a lost connection, a killed server, a lost fence, a view of another
 * version): step down and begin again, with growing pauses.
 */
import type pg from 'pg';
import { InvalidPosition, type EventBatch, type EventStore } from '../application/ports/event-store.ts';
import type { CheckpointWatch } from './checkpoint-watch.ts';
import { advance, beginTerm, readCheckpoint, type Term } from './checkpoints.ts';
import { Leadership, type OpenSession } from './leadership.ts';
import { writeBatch } from './parking.ts';
import { liveTarget, type Projection, type ProjectionLog, type Target } from './projection.ts';
import { ensureView } from './rebuild.ts';
import { withClient } from './transaction.ts';
import { BackOff } from '../application/background/back-off.ts';
import { keepAtIt } from '../application/background/keep-at-it.ts';
import { pause } from '../application/background/pause.ts';

export interface RunnerOptions {
  readonly store: Pick<EventStore, 'readAll' | 'head' | 'subscribe'>;
  /** for writing; its role may create schemas, and it must be direct: sessions are locked */
  readonly pool: pg.Pool;
  /** for a connection of the runner's own, whose life is the leadership; direct as well */
  readonly openSession: OpenSession;
  readonly watch?: CheckpointWatch;
  readonly log?: ProjectionLog;
  /** events written at once, at most; default 1000 */
  readonly batchSize?: number;
}

const PAUSES = { firstMs: 50, longestMs: 4_000 };
const LOOK_FOR_REBUILD_MS = 1_000;
/** What a request appends one after the other is written together, unless somebody waits for the view. */
const REST_MS = 50;

/** Why a turn as leader ended, when it was nobody's failure. */
class TermOver extends Error {
  constructor(name: string) {
    super(`somebody else writes ${name}`);
    this.name = 'TermOver';
  }
}

export class ProjectionRunner {
  readonly #projection: Projection;
  readonly #target: Target;
  readonly #options: RunnerOptions;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #leading = false;
  readonly #backOff = new BackOff(PAUSES);

  constructor(projection: Projection, options: RunnerOptions) {
    this.#projection = projection;
    this.#target = liveTarget(projection);
    this.#options = options;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Resolves when the view can be queried (or the runner was stopped), however long the database is away. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#ready.promise;
  }

  /** Lets the batch under way finish. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#ready.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { name } = this.#projection;
    const turn = () =>
      this.#turn(signal).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof InvalidPosition)) throw error;
        return this.#untilRebuilt(error, signal);
      });
    await keepAtIt(turn, {
      signal,
      backOff: this.#backOff,
      failed: (error) => {
        if (error instanceof TermOver) this.#options.log?.info({ projection: name }, error.message);
        else this.#options.log?.warn({ projection: name, err: error }, 'a projection begins again');
      },
    });
  }

  /**
   * The checkpoint is no place of this log, and asking again changes nothing. Whether it is the log or the view that is
   * the wrong one, nobody knows but the operator: the view stays as it is until it was rebuilt.
   */
  async #untilRebuilt(error: InvalidPosition, signal: AbortSignal): Promise<void> {
    const { name } = this.#projection;
    const { log, pool } = this.#options;
    log?.error(
      { projection: name, checkpoint: String(error.position), err: error },
      `the view ${name} stands still: its checkpoint ${error.position} is no place of this log. If this log is the ` +
        `right one, rebuild the view: launchdb replay ${name}`,
    );
    for (let checkpoint = error.position; checkpoint === error.position && !signal.aborted;) {
      await pause(LOOK_FOR_REBUILD_MS, signal);
      const standing = await readCheckpoint(pool, name).catch(() => undefined);
      checkpoint = standing?.position ?? error.position;
    }
  }

  /** Becomes the leader, sooner or later, and stays it as long as all goes well. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { store, pool, openSession, watch } = this.#options;
    const standing = await ensureView(this.#projection, store, pool, { signal });
    this.#ready.resolve();
    if (standing === 'newer') throw new TermOver(this.#projection.name);
    const leadership = await Leadership.win(openSession, this.#projection.name, signal);
    if (!leadership) return;
    try {
      const term = await beginTerm(pool, this.#projection);
      if (!term) throw new TermOver(this.#projection.name);
      this.#leading = true;
      watch?.notify(this.#projection.name, term.position);
      await this.#follow(term, AbortSignal.any([signal, leadership.lost]));
      if (!signal.aborted) throw new Error('the connection of the leader is lost');
    } finally {
      this.#leading = false;
      await leadership.end();
    }
  }

  /** Ends when the signal aborts; throws what ended the subscription or kept a batch from being written. */
  async #follow({ fence, position: from }: Term, signal: AbortSignal): Promise<void> {
    const { name, filter } = this.#projection;
    const over = Promise.withResolvers<void>();
    let position = from;
    let failed = false;
    const { store, watch, batchSize = 1000 } = this.#options;
    const settle = async (stopped: AbortSignal) => watch?.rest(name, REST_MS, stopped);
    const subscription = store.subscribe(
      { name, after: from, batchSize, ...(filter && { filter }), settle },
      async (batch) => {
        // delivery is at least once
        if (signal.aborted || failed || batch.position <= position) return;
        try {
          await this.#write(batch, { fence, position });
          position = batch.position;
        } catch (error) {
          failed = true;
          over.reject(error);
        }
      },
    );
    subscription.done.then(() => over.reject(new Error('the log is closed')), over.reject);
    const end = () => over.resolve();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      await over.promise;
    } finally {
      signal.removeEventListener('abort', end);
      await subscription.stop();
    }
  }

  async #write(batch: EventBatch, term: Term): Promise<void> {
    const { pool, watch } = this.#options;
    const isNew = ({ position }: { readonly position: bigint }) => position > term.position;
    const fresh = { events: batch.events.filter(isNew), unreadable: batch.unreadable.filter(isNew) };
    const claim = (tx: pg.Pool | pg.ClientBase) => advance(tx, this.#projection, term, batch.position);
    const written =
      fresh.events.length + fresh.unreadable.length === 0
        ? await claim(pool)
        : await withClient(pool, (client) => writeBatch(client, this.#target, fresh, () => claim(client)));
    if (!written) throw new TermOver(this.#projection.name);
    this.#backOff.reset();
    watch?.notify(this.#projection.name, batch.position);
  }
}
