/**
 * The guard in a thread of its own: what tenants send to their databases takes turns with nothing of the platform, and a
 * fault in the guard ends the thread, which is started again. Its heap is bounded, too.
 */
import { Worker } from 'node:worker_threads';
import { Refused } from '../../application/errors.ts';
import type { Log } from '../../application/ports/log.ts';
import type { GuardOptions } from './guard-options.ts';
import type { FromThread, ToThread } from './guard-worker.ts';
import type { GuardUsage } from './pooler-guard.ts';
import { BackOff } from '../../application/background/back-off.ts';
import { within } from '../../application/background/deadline.ts';
import { compileCache } from '../process/compile-cache.ts';

const ENTRY = new URL('guard-worker.ts', import.meta.url);
const HEAP_MB = 256;
const USAGE_WITHIN_MS = 1_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };

export class GuardThread {
  readonly #options: GuardOptions;
  readonly #log: Log;
  readonly #entry: URL;
  #worker: Worker | undefined;
  #prepared: Worker | undefined;
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;

  /** @param entry what runs in it; tests give something else */
  constructor(options: GuardOptions, log: Log, entry = ENTRY) {
    this.#options = options;
    this.#log = log;
    this.#entry = entry;
  }

  /** Has the thread load what it needs, beside whatever else starts. It listens when it is started. */
  prepare(): void {
    this.#prepared ??= this.#make();
  }

  /** Resolves when it listens. @throws {Refused} it cannot */
  async start(): Promise<void> {
    this.#stopping = false;
    await this.#launch();
  }

  /** Resolves when its sessions have ended, within the bound of the guard itself. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    await this.#prepared?.terminate();
    this.#prepared = undefined;
    const worker = this.#worker;
    if (!worker) return;
    // also by a fault of its own
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('stop' satisfies ToThread);
    await ended;
  }

  /** @throws it does not answer */
  async usage(): Promise<GuardUsage> {
    const worker = this.#worker;
    if (!worker) throw new Error("the pooler's guard is not running");
    const { promise, resolve } = Promise.withResolvers<GuardUsage>();
    const hear = (said: FromThread): void => {
      if ('usage' in said) resolve(said.usage);
    };
    const late = () => {
      throw new Error("the pooler's guard does not answer");
    };
    worker.on('message', hear);
    worker.postMessage('usage' satisfies ToThread);
    return within(USAGE_WITHIN_MS, promise, late).finally(() => worker.off('message', hear));
  }

  #make(): Worker {
    const worker = new Worker(this.#entry, {
      name: 'pooler-guard',
      workerData: this.#options,
      // it needs none of the secrets in ours
      env: compileCache(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.on('error', (error) => this.#log.error({ err: error }, "a bug of the pooler's guard"));
    return worker;
  }

  async #launch(): Promise<void> {
    const worker = this.#prepared ?? this.#make();
    this.#prepared = undefined;
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    worker.on('message', (said: FromThread) => {
      if ('log' in said) this.#log[said.log](said.fields, said.message);
      else if ('listens' in said) {
        this.#worker = worker;
        resolve();
      } else if ('refused' in said) reject(new Refused(said.refused));
    });
    worker.once('error', reject);
    const ended = () => {
      reject(new Error("the pooler's guard ended while it started"));
      if (this.#worker === worker) this.#onExit();
    };
    worker.once('exit', ended);
    // what was prepared may have ended by now
    if (worker.threadId === -1) ended();
    worker.postMessage('listen' satisfies ToThread);
    await listening.catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
  }

  #onExit(backOff = new BackOff(PAUSES)): void {
    this.#worker = undefined;
    if (this.#stopping) return;
    this.#log.error({}, "the pooler's guard has ended by itself; starting it again");
    this.#restart = setTimeout(() => {
      this.#launch().catch((error: unknown) => {
        this.#log.error({ err: error }, "the pooler's guard does not start");
        this.#onExit(backOff);
      });
    }, backOff.next());
  }
}
