/**
 * Rings the bell whenever something is appended, by whomever: a subscription to the end of the log that delivers
 * nothing but that. It is made again for ever, with growing pauses. One that has gone silent shows when somebody
 * has seen the log beyond it; meanwhile polling delivers.
 */
import type { Position } from '../../../application/ports/event-store.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { Bell } from '../bell.ts';
import type { EsdbConnection } from './esdb-connection.ts';
import { newsRequest } from './esdb-read-request.ts';
import { positionOf } from './esdb-record.ts';
import { BackOff } from '../../../application/background/back-off.ts';
import { keepAtIt } from '../../../application/background/keep-at-it.ts';
import { spread } from '../spread.ts';

export interface EsdbListenerOptions {
  readonly connection: EsdbConnection;
  readonly head: () => Promise<Position>;
  readonly bell: Bell;
  /** how long the subscription may be behind what was seen otherwise */
  readonly silenceMs: number;
  readonly log: Log | undefined;
}

const PAUSES = { firstMs: 100, longestMs: 10_000 };

class Silent extends Error {
  constructor(seen: Position | undefined, expected: Position) {
    super(`nothing was heard since position ${seen ?? 'it began'}, and the log is at ${expected}`);
    this.name = 'Silent';
  }
}

export class EsdbListener {
  readonly #options: EsdbListenerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** ends the subscription under way */
  #current = new AbortController();
  /** how far the subscription has come; undefined until it is confirmed */
  #seen: Position | undefined;
  #suspicion: NodeJS.Timeout | undefined;

  constructor(options: EsdbListenerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Somebody saw the log go up to there, so the subscription has to tell of it soon. */
  expect(position: Position): void {
    if (!this.#running || this.#suspicion || this.#hasSeen(position)) return;
    const current = this.#current;
    this.#suspicion = setTimeout(() => {
      this.#suspicion = undefined;
      if (!this.#hasSeen(position)) current.abort(new Silent(this.#seen, position));
    }, this.#options.silenceMs);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#current.abort();
    clearTimeout(this.#suspicion);
    await this.#running;
  }

  #hasSeen(position: Position): boolean {
    return this.#seen !== undefined && this.#seen >= position;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(PAUSES);
    const listen = async () => {
      this.#current = new AbortController();
      await this.#listen(this.#current.signal, () => backOff.reset()).finally(() => (this.#seen = undefined));
    };
    await keepAtIt(listen, {
      signal,
      backOff: { next: () => spread(backOff.next()) },
      failed: (error) => this.#options.log?.warn({ err: error }, 'the log cannot be listened to; polling'),
    });
  }

  /** Ends when the server ends the subscription; rejects with whatever else ends it. */
  async #listen(signal: AbortSignal, onListening: () => void): Promise<void> {
    const { connection, head, bell } = this.#options;
    for await (const message of connection.read(newsRequest(), { quietMs: Infinity, signal })) {
      const event = message.getEvent()?.getEvent();
      if (message.hasConfirmation()) {
        // what was appended before is not told of
        this.#seen = await head();
        onListening();
        bell.ring();
      } else if (event) {
        const position = positionOf(event);
        if (!this.#hasSeen(position)) this.#seen = position;
        bell.ring();
      }
    }
  }
}
