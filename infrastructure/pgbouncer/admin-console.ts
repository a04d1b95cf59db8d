import pg from 'pg';
import { Unavailable, unavailable } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { ShownEntry } from './pgbouncer-files.ts';
import { ScramClient } from '../postgres/scram-client.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

export interface ConsoleAddress extends Endpoint {
  readonly user: string;
  readonly password: string;
}

export interface ServedEntry {
  readonly project: ProjectId;
  readonly shown: ShownEntry;
  readonly disabled: boolean;
  readonly paused: boolean;
}

const READY_WITHIN_MS = 10_000;

/**
 * PgBouncer's admin console, over TCP. One session is kept: it outlives a list of logins that has lost ours and was
 * taken up by somebody's RELOAD, so it can still have the mended one taken up, when no new session would be let in.
 */
export class AdminConsole {
  readonly #address: ConsoleAddress;
  readonly #withinMs: number;
  #session: pg.Client | undefined;
  readonly #turns = new KeyedQueue<'session'>();

  /** @param withinMs how long it may take to let us in, and to answer */
  constructor(address: ConsoleAddress, withinMs: number) {
    this.#address = address;
    this.#withinMs = withinMs;
  }

  /** One piece of work at a time. @throws {Unavailable} it could not be reached, or said no */
  administer<T>(attempted: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.#turns.run('session', () => this.#work(attempted, work));
  }

  async close(): Promise<void> {
    await this.#turns.done('session');
    this.#drop();
  }

  async #work<T>(attempted: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#connected());
    } catch (error) {
      // what the work itself says of what it saw
      if (error instanceof Unavailable) throw error;
      // an answer, if not the one that was hoped for: the session is good
      if (!(error instanceof pg.DatabaseError)) this.#drop();
      throw unavailable('pooler', attempted, error);
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#session) return this.#session;
    const client = new ScramClient({
      ...this.#address,
      database: 'pgbouncer',
      keepAlive: true,
      connectionTimeoutMillis: this.#withinMs,
      query_timeout: this.#withinMs,
    });
    client.on('error', () => {});
    client.once('end', () => {
      if (this.#session === client) this.#session = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    return (this.#session = client);
  }

  /** Without waiting: what does not answer would not end either. */
  #drop(): void {
    void this.#session?.end().catch(() => {});
    this.#session = undefined;
  }

  /** @throws {Unavailable} it does not answer in time; at once when it answers and does not let us in */
  async untilItAnswers(signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      if (signal?.aborted) throw new Error('PgBouncer ended while it started; its log says why');
      try {
        await this.administer('reach the pooler', (client) => client.query('SHOW VERSION'));
        return;
      } catch (error) {
        if (isNo(error) || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
}

/** It was reached, and answered no. */
export const isNo = (error: unknown): boolean =>
  error instanceof Unavailable && error.cause instanceof pg.DatabaseError;

/** The entries of projects, as PgBouncer serves them at this moment. */
export async function servedEntries(client: pg.Client): Promise<ServedEntry[]> {
  const { rows } = await client.query<ShownEntry & { disabled: unknown; paused: unknown }>('SHOW DATABASES');
  return rows.flatMap(({ disabled, paused, ...shown }) =>
    isProjectId(shown.name)
      ? [{ project: shown.name, shown, disabled: Number(disabled) > 0, paused: Number(paused) > 0 }]
      : [],
  );
}

/** The settings that are in force, whoever gave them. */
export async function servedSettings(client: pg.Client): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await client.query<{ key: string; value: string | null }>('SHOW CONFIG');
  return new Map(rows.map(({ key, value }) => [key, value]));
}

export const whatIsServed = async (client: pg.Client) => ({
  served: await servedEntries(client),
  settings: await servedSettings(client),
});

/** No new sessions, and those that are there end. */
export async function cutOff(client: pg.Client, project: ProjectId): Promise<void> {
  await client.query(`DISABLE ${databaseName(project)}`);
  await client.query(`KILL ${databaseName(project)}`);
}

/**
 * Of entries that had more connections than they shall have now, sessions to PostgreSQL are opened anew, each as soon as
 * nobody is at work with it.
 */
export async function openAnew(
  client: pg.Client,
  before: readonly ServedEntry[],
  wanted: ReadonlyMap<ProjectId, { readonly connections: number }>,
): Promise<void> {
  for (const { project, shown } of before) {
    const most = wanted.get(project)?.connections ?? Infinity;
    if (Number(shown.max_connections) > most) await client.query(`RECONNECT ${databaseName(project)}`);
  }
}

/** Whether it lets clients in. */
export const isOpen = (wanted: ProjectId) => async (client: pg.Client) =>
  (await servedEntries(client)).some(
    ({ project, disabled, paused }) => project === wanted && !disabled && !paused,
  );

/** Cut off or held up before, and wanted again since. */
export async function letIn(client: pg.Client, { project, disabled, paused }: ServedEntry): Promise<void> {
  if (disabled) await client.query(`ENABLE ${databaseName(project)}`);
  if (paused) await client.query(`RESUME ${databaseName(project)}`);
}
