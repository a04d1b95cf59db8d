/** What happens to containers, as the engine tells it; asked again whenever the engine or the way to it was lost. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Log } from '../../application/ports/log.ts';
import { bounded, type DockerEngine } from './docker-engine.ts';
import { BackOff } from '../../application/background/back-off.ts';
import { keepAtIt } from '../../application/background/keep-at-it.ts';

export interface EngineEvent {
  readonly action: string;
  /** of the container */
  readonly id: string;
  /** its name at that moment; of network events there is none */
  readonly name: string | undefined;
}

export interface EngineEventsOptions {
  readonly engine: DockerEngine;
  readonly log: Log;
  /** what was missed before is told by nobody: look. A rejection asks for the events again */
  onConnected(): Promise<void>;
  onEvent(event: EngineEvent): void;
}

const PAUSES = { firstMs: 50, longestMs: 2_000 };
const ACTIONS = ['start', 'die', 'destroy', 'update', 'rename', 'pause', 'disconnect'];

export class EngineEvents {
  readonly #options: EngineEventsOptions;
  readonly #stopping = new AbortController();
  #stream: Readable | undefined;
  #listening: Promise<void> = Promise.resolve();

  constructor(options: EngineEventsOptions) {
    this.#options = options;
  }

  /** Resolves when events flow. @throws they do not */
  async start(): Promise<void> {
    await this.#connect();
    this.#listening = this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stream?.destroy();
    await this.#listening;
  }

  async #connect(): Promise<void> {
    const { engine } = this.#options;
    const filters = { type: ['container' as const, 'network' as const], event: ACTIONS };
    const stream = (await bounded(engine.docker.getEvents({ filters }))) as Readable;
    this.#stream = stream;
    stream.on('error', () => {});
    if (this.#stopping.signal.aborted) stream.destroy();
    try {
      await this.#options.onConnected();
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  #listen(): Promise<void> {
    const { signal } = this.#stopping;
    const { log, engine } = this.#options;
    const backOff = new BackOff(PAUSES);
    const listen = async () => {
      if (!this.#stream || this.#stream.destroyed) await this.#connect();
      // it may be lost already
      if (!this.#stream || this.#stream.destroyed) return;
      await this.#read(this.#stream);
      backOff.reset();
      if (!signal.aborted) log.warn({ engine: engine.host }, 'Docker was lost');
    };
    const failed = (error: unknown) => log.warn({ err: error }, 'Docker does not answer');
    return keepAtIt(listen, { signal, backOff, failed });
  }

  /** Resolves when the stream has ended. */
  async #read(stream: Readable): Promise<void> {
    const closed = new Promise((resolve) => stream.once('close', resolve));
    const lines = createInterface({ input: stream });
    // it passes the stream's on
    lines.on('error', () => {});
    lines.on('line', (line) => this.#told(line));
    await closed;
    lines.close();
  }

  #told(line: string): void {
    const event = eventOf(line);
    if (event) this.#options.onEvent(event);
  }
}

function eventOf(line: string): EngineEvent | undefined {
  try {
    const { Type, Action, Actor } = JSON.parse(line) as {
      Type: string;
      Action: string;
      Actor: { ID: string; Attributes: Record<string, string | undefined> };
    };
    const { name, container } = Actor.Attributes;
    return Type === 'network'
      ? { action: Action, id: container ?? '', name: undefined }
      : { action: Action, id: Actor.ID, name };
  } catch {
    return undefined;
  }
}
