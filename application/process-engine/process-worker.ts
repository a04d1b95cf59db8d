/**
 * Takes turns for every aggregate of one kind that has a process under way: many side by side (bounded), one turn at a
 * time for each. Woken by the log; whoever starts it has it look now and then at what is open, for a lost wake-up.
 */
import type { StepTroubleEvent } from '../../domain/process/process-events.ts';
import type { Position, Subscription } from '../ports/event-store.ts';
import { DEFAULT_BOUNDS, type Fact, type Host } from './process.ts';
import { stopUnwanted, turn, type TurnDependencies } from './turn.ts';

export interface ProcessWorkerDependencies extends TurnDependencies {
  /** streams with a process under way, by a read model that stands at `position` */
  readonly open: () => Promise<{ readonly streams: readonly string[]; readonly position: Position }>;
  /** aggregates at once */
  readonly concurrency: number;
}

const LOG_AWAY_PAUSE_MS = 500;
/** for steps to finish when we stop; those that may take longer are stopped at once */
const FINISH_WITHIN_MS = DEFAULT_BOUNDS.timeoutMs;
const LONG_MS = 2 * FINISH_WITHIN_MS;

export class ProcessWorker<State, Subject, Event extends Fact, Name extends string> {
  readonly #dependencies: ProcessWorkerDependencies;
  readonly #host: Host<State, Subject, Event, Name>;
  readonly #queue = new Set<string>();
  /** streams whose turn is running; true: woken again meanwhile */
  readonly #busy = new Map<string, boolean>();
  readonly #running = new Set<Promise<void>>();
  #stopping = new AbortController();
  #subscription: Subscription | undefined;

  constructor(dependencies: ProcessWorkerDependencies, host: Host<State, Subject, Event, Name>) {
    this.#dependencies = dependencies;
    this.#host = host;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const { streamPrefix, name } = this.#host.aggregate;
    const processes = Object.values<Waking>(this.#host.processes);
    // events after this position wake us; what was open before it is taken from the read model
    const { streams, position } = await this.#dependencies.open();
    this.#subscription = this.#dependencies.store.subscribe(
      {
        name: `process-worker of each ${name}`,
        after: position,
        filter: { types: wakingTypes(processes), streamPrefix },
      },
      (batch) => {
        for (const { stream } of batch.events) this.#wake(stream);
        return Promise.resolve();
      },
    );
    for (const stream of streams) this.#wake(stream);
  }

  /** Wakes what is open. @throws {Unavailable} the read model is away */
  async look(): Promise<void> {
    for (const stream of (await this.#dependencies.open()).streams) this.#wake(stream);
  }

  /** Resolves when the turns that run have finished their step, or have had their time for it. */
  async stop(): Promise<void> {
    const { clock, effects } = this.#dependencies;
    this.#stopping.abort();
    await this.#subscription?.stop();
    effects.abandonAll('the worker stops', LONG_MS);
    const finished = new AbortController();
    const late = clock.sleep(FINISH_WITHIN_MS, finished.signal).then(() => {
      if (!finished.signal.aborted) effects.abandonAll('the worker stops');
    });
    await Promise.all(this.#running);
    finished.abort();
    await late;
  }

  #wake(stream: string): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#busy.has(stream)) {
      this.#busy.set(stream, true);
      // whoever cannot read the log now meets it after the step
      void stopUnwanted(this.#dependencies, this.#host, stream).catch(() => {});
    } else this.#queue.add(stream);
    this.#fill();
  }

  #fill(): void {
    for (const stream of this.#queue) {
      if (this.#busy.size >= this.#dependencies.concurrency || this.#stopping.signal.aborted) return;
      this.#queue.delete(stream);
      this.#busy.set(stream, false);
      const running = this.#work(stream).finally(() => {
        this.#running.delete(running);
        this.#fill();
      });
      this.#running.add(running);
    }
  }

  /** Turns of one aggregate until there is nothing to do; one that waits gives its place to another. */
  async #work(stream: string): Promise<void> {
    const { clock, log } = this.#dependencies;
    let waitMs: number | undefined;
    try {
      while (!this.#stopping.signal.aborted) {
        const result = await turn(
          { ...this.#dependencies, othersWait: this.#othersWait },
          this.#host,
          stream,
        );
        if (result.kind === 'progressed') continue;
        if (result.kind === 'waiting') waitMs = Math.max(1, result.until.getTime() - clock.now().getTime());
        if (result.kind === 'unsettled') void result.settled.then(() => this.#wake(stream));
        break;
      }
    } catch (error) {
      // the log is away, or a bug: either way this one only is held up
      const { name, streamPrefix } = this.#host.aggregate;
      log.error({ [name]: stream.slice(streamPrefix.length), err: error }, 'a turn failed');
      waitMs = LOG_AWAY_PAUSE_MS;
    }
    const wokenMeanwhile = this.#busy.get(stream) === true;
    this.#busy.delete(stream);
    if (wokenMeanwhile) this.#queue.add(stream);
    else if (waitMs !== undefined) this.#wakeIn(stream, waitMs);
  }

  #othersWait = (stream: string): boolean =>
    this.#queue.size > 0 || [...this.#busy.keys()].some((busy) => busy !== stream);

  #wakeIn(stream: string, ms: number): void {
    const waiting = this.#dependencies.clock.sleep(ms, this.#stopping.signal).then(() => {
      this.#running.delete(waiting);
      this.#wake(stream);
    });
    this.#running.add(waiting);
  }
}

type Waking = { readonly startedBy: readonly string[]; readonly cancelledBy?: readonly string[] };

/** What begins a process, what ends it early, and an operator who has looked. */
const wakingTypes = (processes: readonly Waking[]): readonly string[] => [
  ...new Set(processes.flatMap(({ startedBy, cancelledBy = [] }) => [...startedBy, ...cancelledBy])),
  'StepRetryRequested' satisfies StepTroubleEvent['type'],
];
