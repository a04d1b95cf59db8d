/**
 * Keeps one program running: adopts it when an earlier run of ours left it, starts it when it is not there,
 * starts it again with back-off when it ends by itself, ends it on request within a bound.
 */
import type { Log } from '../../application/ports/log.ts';
import { endProcess, isAlive } from './process-table.ts';
import type { Launched } from './launch.ts';
import { BackOff } from '../../application/background/back-off.ts';
import { unlessAborted } from '../../application/background/deadline.ts';
import { pause } from '../../application/background/pause.ts';

export interface ProgramSpec {
  readonly name: string;
  readonly log: Log;
  /** the pid of a running instance with exactly our configuration */
  find(): Promise<number | undefined>;
  launch(): Promise<Launched>;
  /** resolves when it answers; rejects when it does not in time or `signal` aborts because it has ended */
  ready(pid: number, signal: AbortSignal): Promise<void>;
  /** told after every restart that nobody asked for */
  onRestarted?(): void;
  readonly ending: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[];
}

type Running = Pick<Launched, 'ended'>;

const WATCH_ADOPTED_MS = 250;
const PAUSES = { firstMs: 100, longestMs: 10_000 };

export class SupervisedProgram {
  readonly #spec: ProgramSpec;
  #pid: number | undefined;
  #ready = false;
  #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
  }

  /** Of the instance that answers; undefined while there is none, also when one is just starting. */
  get pid(): number | undefined {
    return this.#ready ? this.#pid : undefined;
  }

  /**
   * Resolves when it is ready. @throws what `launch` or `ready` threw; what was launched is ended then, what
   * was found is left alone.
   */
  async start(): Promise<{ adopted: boolean }> {
    this.#stopping = new AbortController();
    const found = await this.#spec.find();
    const adopted = found === undefined ? undefined : await this.#adopt(found);
    this.#watching = this.#watch(adopted ?? (await this.#launchReady()));
    return { adopted: adopted !== undefined };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#end();
    // a restart that was under way ends what it launched
    await this.#watching;
  }

  async #end(): Promise<void> {
    this.#ready = false;
    const pid = this.#pid;
    if (pid !== undefined && !(await endProcess(pid, this.#spec.ending))) {
      this.#spec.log.error({ program: this.#spec.name, pid }, 'a program did not end');
    }
    this.#pid = undefined;
  }

  /** @returns undefined when it ended before it answered: it was on its way out */
  async #adopt(pid: number): Promise<Running | undefined> {
    this.#pid = pid;
    const ended = this.#endOf(pid);
    try {
      await this.#untilReady(pid, ended);
      return { ended };
    } catch (error) {
      this.#pid = undefined;
      if (!this.#stopping.signal.aborted && !(await isAlive(pid))) return undefined;
      // ends the watch over it
      this.#stopping.abort();
      throw error;
    }
  }

  async #launchReady(): Promise<Running> {
    const launched = await this.#spec.launch();
    // so that a stop ends it while it starts
    this.#pid = launched.pid;
    try {
      await this.#untilReady(launched.pid, launched.ended);
    } catch (error) {
      await endProcess(launched.pid, [{ signal: 'SIGKILL', waitMs: 2_000 }]);
      this.#pid = undefined;
      throw error;
    }
    return launched;
  }

  async #untilReady(pid: number, ended: Promise<void>): Promise<void> {
    const over = new AbortController();
    const stopping = this.#stopping.signal;
    const stopped = () => over.abort(new Error(`${this.#spec.name} was stopped while it started`));
    stopping.addEventListener('abort', stopped);
    if (stopping.aborted) stopped();
    void ended.then(() => over.abort(new Error(`${this.#spec.name} ended while it started`)));
    try {
      await this.#spec.ready(pid, over.signal);
    } finally {
      stopping.removeEventListener('abort', stopped);
    }
    // an answer may come from somebody else on its port
    if (over.signal.aborted) throw over.signal.reason as Error;
    this.#ready = true;
  }

  /** Not a child of ours: nobody tells us when it ends, so look. */
  async #endOf(pid: number): Promise<void> {
    while (!this.#stopping.signal.aborted && (await isAlive(pid)))
      await pause(WATCH_ADOPTED_MS, this.#stopping.signal);
  }

  async #watch(first: Running): Promise<void> {
    let { ended } = first;
    for (;;) {
      await unlessAborted(ended, this.#stopping.signal, () => {});
      if (this.#stopping.signal.aborted) return;
      this.#pid = undefined;
      this.#ready = false;
      this.#spec.log.warn({ program: this.#spec.name }, 'a program ended by itself; starting it again');
      const next = await this.#restart();
      if (!next) return;
      ended = next.ended;
      this.#spec.onRestarted?.();
    }
  }

  async #restart(): Promise<Running | undefined> {
    for (const backOff = new BackOff(PAUSES); ;) {
      await pause(backOff.next(), this.#stopping.signal);
      if (this.#stopping.signal.aborted) return undefined;
      try {
        return await this.#launchReady();
      } catch (error) {
        this.#spec.log.error({ program: this.#spec.name, err: error }, 'a program does not start');
      }
    }
  }
}
