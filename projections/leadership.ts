/**
 * Who of several processes writes a view: the one whose session holds an advisory lock. The lock makes it
 * rare that two believe to lead; the fence of the checkpoint makes it harmless.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { within } from '../application/background/deadline.ts';

const COMPETE_EVERY_MS = 1_000;
const HEARTBEAT_MS = 2_000;
const ANSWER_WITHIN_MS = 5_000;
const END_WITHIN_MS = 1_000;
/** A leader that hangs, or whose machine is gone, loses its session after this. */
const SESSION_LIMITS = `
  SET idle_session_timeout TO '10s';
  SET tcp_keepalives_idle TO 2; SET tcp_keepalives_interval TO 1; SET tcp_keepalives_count TO 2`;

/** A session of its own with the database, past any pooler; what it is set to beside that is the caller's. */
export type OpenSession = (settings: pg.ClientConfig) => pg.Client;

export class Leadership {
  readonly #client: pg.Client;
  readonly #lost = new AbortController();
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(client: pg.Client) {
    this.#client = client;
    const lose = () => this.#lost.abort();
    client.on('error', lose);
    client.on('end', lose);
  }

  /**
   * Waits until nobody else leads.
   * @returns undefined when the signal aborts first
   * @throws when the database is away
   */
  static async win(open: OpenSession, name: string, signal: AbortSignal): Promise<Leadership | undefined> {
    const client = open({
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      application_name: `launchdb leader of ${name}`,
    });
    const leadership = new Leadership(client);
    try {
      await client.connect();
      await client.query(SESSION_LIMITS);
      for (;;) {
        if (signal.aborted) break;
        if (await leadership.#tryLock(name)) {
          leadership.#keepAlive();
          return leadership;
        }
        await sleep(COMPETE_EVERY_MS, undefined, { signal }).catch(() => {});
      }
    } catch (error) {
      await leadership.end();
      throw error;
    }
    await leadership.end();
    return undefined;
  }

  /** Aborts when the session is gone: somebody else may lead by now. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async end(): Promise<void> {
    this.#lost.abort();
    clearTimeout(this.#heartbeat);
    // a server that has fallen silent does not say good-bye
    await within(
      END_WITHIN_MS,
      this.#client.end().catch(() => {}),
      () => {},
    );
  }

  async #tryLock(name: string): Promise<boolean> {
    const { rows } = await this.#client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
      [`leader of ${name}`],
    );
    return rows[0]?.locked === true;
  }

  #keepAlive(): void {
    this.#heartbeat = setTimeout(() => {
      this.#client.query('SELECT').then(
        () => {
          if (!this.#lost.signal.aborted) this.#keepAlive();
        },
        () => this.#lost.abort(),
      );
    }, HEARTBEAT_MS).unref();
  }
}
