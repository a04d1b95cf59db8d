import type pg from 'pg';
import { unavailable } from '../../../application/errors.ts';
import {
  Conflict,
  EventIdReused,
  OutcomeUnknown,
  type Appended,
} from '../../../application/ports/event-store.ts';
import { APPEND, appendValues } from './append-call.ts';
import type { AppendRequest } from './append-request.ts';
import { sqlState, unavailableOr } from '../../postgres/postgres-errors.ts';
import { ScramClient } from '../../postgres/scram-client.ts';

interface OutcomeRow {
  readonly outcome: 'appended' | 'conflict' | 'event-id-reused';
  readonly last_revision: number | null;
  readonly last_position: string | null;
  readonly event_id: string | null;
}

/** The one connection that a store appends by; made when needed, and again after it was lost. */
export class AppendConnection {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;

  constructor(config: pg.ClientConfig, timeoutMs: number) {
    this.#config = {
      ...config,
      application_name: 'launchdb log append',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      // the head of the log is locked meanwhile: an append that is stuck must not stop the platform
      statement_timeout: timeoutMs,
      idle_in_transaction_session_timeout: timeoutMs,
      // for a server that has gone without a word; a transaction may have waited for the one before
      query_timeout: 2 * timeoutMs + 5_000,
      pipeline: true,
    };
  }

  /**
   * One transaction, one round trip; those that are called before the last has ended follow one another. An outcome per
   * request; all of them {@link OutcomeUnknown} when the connection died after the statement was sent.
   * @throws {Unavailable} nothing was written
   */
  async commit(batch: readonly AppendRequest[]): Promise<(Appended | Error)[]> {
    const client = await this.#connected();
    try {
      const { rows } = await client.query<OutcomeRow>({ ...APPEND, values: appendValues(batch) });
      return batch.map((request, index) => outcomeOf(request, rows[index]));
    } catch (error) {
      if (wasRolledBack(error)) throw unavailableOr('log', 'append to the log', error);
      this.#drop(client);
      return batch.map(({ stream }) => new OutcomeUnknown(stream, error));
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  #connected(): Promise<pg.Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<pg.Client> {
    const client = new ScramClient(this.#config);
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    try {
      await client.connect();
    } catch (error) {
      client.end().catch(() => {});
      throw unavailable('log', 'connect to the log', error);
    }
    this.#client = client;
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => {});
  }
}

function outcomeOf({ stream, expected }: AppendRequest, row: OutcomeRow | undefined): Appended | Error {
  switch (row?.outcome) {
    case 'appended':
      return { revision: Number(row.last_revision), position: BigInt(row.last_position ?? 0) };
    case 'conflict':
      return new Conflict(stream, expected, row.last_revision ?? 'none');
    case 'event-id-reused':
      return new EventIdReused(row.event_id ?? '');
    case undefined:
      return new Error('the log gave no outcome for an append');
  }
}

/** The server answered with an error and lives on. A session that was ended may have committed before. */
function wasRolledBack(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|25P|57P|58|XX)/.test(state);
}
