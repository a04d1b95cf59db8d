import { once } from 'node:events';
import type pg from 'pg';
import type { Log } from '../../../application/ports/log.ts';
import type { Bell } from '../bell.ts';
import { ScramClient } from '../../postgres/scram-client.ts';
import { BackOff } from '../../../application/background/back-off.ts';
import { keepAtIt } from '../../../application/background/keep-at-it.ts';

const PAUSES = { firstMs: 100, longestMs: 10_000 };

/**
 * Rings the bell on every notification of an append, from whichever process. It keeps a direct connection (a
 * transaction pooler passes no notifications on) and makes it again for ever; meanwhile polling delivers.
 */
export class LogListener {
  readonly #config: pg.ClientConfig;
  readonly #bell: Bell;
  readonly #log: Log | undefined;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(config: pg.ClientConfig, bell: Bell, log: Log | undefined) {
    this.#config = {
      ...config,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      application_name: 'launchdb log listen',
    };
    this.#bell = bell;
    this.#log = log;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(PAUSES);
    await keepAtIt(() => this.#listen(signal, () => backOff.reset()), {
      signal,
      backOff,
      failed: (error) => this.#log?.warn({ err: error }, 'the log cannot be listened to; polling'),
    });
  }

  /** Resolves when the connection has ended, by us or by itself. */
  async #listen(signal: AbortSignal, onListening: () => void): Promise<void> {
    const client = new ScramClient(this.#config);
    client.on('error', () => {});
    client.on('notification', () => this.#bell.ring());
    const ended = once(client, 'end', { signal }).catch(() => {});
    try {
      await client.connect();
      await client.query('LISTEN launchdb_log');
      onListening();
      // what was appended before we listened
      this.#bell.ring();
      await ended;
    } finally {
      client.end().catch(() => {});
    }
  }
}
