import type { Duplex } from 'node:stream';
import pg from 'pg';
import { unavailable, type Unavailable } from '../../application/errors.ts';
import { exactJson, JsonText } from '../../domain/json-text.ts';
import { SqlFailed, type ProjectSql, type SqlOutcome } from '../../application/ports/project-sql.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { connectAsOwner, endOwnerSession } from './owner-session.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ReportedSettings } from './reported-settings.ts';
import { OWNER_SESSION } from './session-settings.ts';
import { collect, type Collected } from './sql-collector.ts';
import { jsonSafeValues } from './sql-values.ts';

export interface SqlLimits {
  /** of one statement; PostgreSQL keeps it, unless the SQL lifts it */
  readonly timeoutMs: number;
  readonly rows: number;
  /** of everything that the server sends, notices too */
  readonly bytes: number;
  readonly notices: number;
}

const DEFAULT_SQL_LIMITS: SqlLimits = {
  timeoutMs: 30_000,
  rows: 1_000,
  bytes: 16 * 1024 * 1024,
  notices: 50,
};

/** for all statements together, above the limit of one: kept from outside, so no SQL can lift it */
const GRACE_MS = 2_000;
const LOCK_WITHIN_MS = 10_000;
/** what one message of the protocol can count */
const MAX_PARAMS = 65_535;

type Statement = Parameters<ProjectSql['run']>[2];

/**
 * The owner's SQL in a session of its own, straight to PostgreSQL: nothing that it sets can reach anybody
 * else's session, and nobody else's sets anything for it. SQL that ends the transaction itself is the
 * owner's own affair: the rest then runs outside of it.
 */
export class PostgresProjectSql implements ProjectSql {
  readonly #server: PostgresServer;
  readonly #limits: SqlLimits;

  constructor(server: PostgresServer, limits: SqlLimits = DEFAULT_SQL_LIMITS) {
    this.#server = server;
    this.#limits = limits;
  }

  async run(
    project: ProjectId,
    ownerPassword: string,
    statement: Statement,
    signal: AbortSignal,
  ): Promise<SqlOutcome> {
    refuseUnsendable(statement);
    if (signal.aborted) throw givenUp(project);
    const startedAt = performance.now();
    const client = await this.#connect(project, ownerPassword);
    const notices: string[] = [];
    client.on('notice', ({ message }) => {
      if (notices.length < this.#limits.notices) notices.push(clip(message, 1_000));
    });
    const stop = new StopWhen(client, project, this.#limits, signal);
    try {
      const { result, commands } = await Promise.race([this.#execute(client, statement), stop.stopped]);
      return {
        result,
        notices,
        durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
        changedSchema: changesSchema(commands, statement.query),
      };
    } catch (error) {
      if (stop.reason) {
        streamOf(client).destroy();
        await endOwnerSession(this.#server, client, project);
      }
      throw stop.reason ?? failure(project, error);
    } finally {
      stop.dispose();
      void client.end().catch(() => {});
    }
  }

  #connect(project: ProjectId, password: string): Promise<pg.Client> {
    return connectAsOwner(this.#server, project, password, {
      application_name: 'launchdb-sql',
      statement_timeout: this.#limits.timeoutMs,
      lock_timeout: LOCK_WITHIN_MS,
      idle_in_transaction_session_timeout: 5_000,
      options: OWNER_SESSION,
    });
  }

  async #execute(client: pg.Client, { query: text, params }: Statement): Promise<Collected> {
    const settings = new ReportedSettings(client);
    // the other styles do not tell a time zone in full; the order of day and month in what goes in stays the owner's
    await client.query('SET datestyle = ISO; BEGIN');
    // without parameters it goes by the simple protocol, which takes many statements in one message
    const query = new pg.Query({
      text,
      ...(params && { values: params.map(sent) }),
      rowMode: 'array',
      types: jsonSafeValues,
    } as pg.QueryConfig);
    const collected = collect(query, this.#limits.rows);
    client.query(query);
    const outcome = await collected;
    if (settings.has('client_encoding'))
      throw refusal('0A000', 'the SQL may not change client_encoding: text goes in and out as Unicode');
    await client.query('COMMIT');
    return outcome;
  }
}

/** As the driver would send it, but for numbers that it cannot hold. */
function sent(value: unknown): unknown {
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return value.map(sent);
  return typeof value === 'object' && value !== null ? exactJson(value) : value;
}

/** Watches a session from outside: how long it takes, how much it sends, whether anybody still waits. */
class StopWhen {
  /** never resolves; rejects with the reason */
  readonly stopped: Promise<never>;
  readonly dispose: () => void;
  reason: SqlFailed | Unavailable | undefined;

  constructor(client: pg.Client, project: ProjectId, limits: SqlLimits, signal: AbortSignal) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.stopped = promise;
    const stop = (reason: SqlFailed | Unavailable) => {
      this.reason ??= reason;
      reject(this.reason);
    };
    const abort = () => stop(givenUp(project));
    const late = () => stop(refusal('57014', `the SQL took longer than ${limits.timeoutMs / 1000} s`));
    let received = 0;
    const count = (chunk: Buffer) => {
      received += chunk.length;
      if (received > limits.bytes)
        stop(refusal('54000', `the result is larger than ${limits.bytes} bytes; add a LIMIT`));
    };
    const stream = streamOf(client);
    const timer = setTimeout(late, limits.timeoutMs + GRACE_MS);
    stream.on('data', count);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    this.dispose = () => {
      clearTimeout(timer);
      stream.off('data', count);
      signal.removeEventListener('abort', abort);
    };
  }
}

/** The driver keeps its socket to itself; after connecting it is the one that carries the result, TLS or not. */
const streamOf = (client: pg.Client): Duplex =>
  (client as pg.Client & { readonly connection: { readonly stream: Duplex } }).connection.stream;

/** DO and CALL say nothing of what they did. */
const SCHEMA_COMMANDS = new Set('CREATE ALTER DROP COMMENT GRANT REVOKE IMPORT SECURITY DO CALL'.split(' '));

/** CREATE TABLE AS and SELECT INTO report themselves as SELECT. DDL inside of a called function is not seen. */
function changesSchema(commands: readonly string[], text: string): boolean {
  if (commands.some((command) => SCHEMA_COMMANDS.has(command))) return true;
  return (
    /\b(create|into)\b/i.test(text) && commands.some((command) => /^(SELECT|EXPLAIN|EXECUTE)$/.test(command))
  );
}

/** What the protocol cannot carry, and would misunderstand. */
function refuseUnsendable({ query, params = [] }: Statement): void {
  if (query.includes('\0')) throw refusal('22021', 'the SQL has a NUL character');
  if (params.length > MAX_PARAMS) throw refusal('54023', `there are more than ${MAX_PARAMS} parameters`);
}

const refusal = (code: string, message: string): SqlFailed =>
  new SqlFailed(message, { code, position: null, detail: null, hint: null });

const givenUp = (project: ProjectId): Unavailable =>
  unavailable('postgres', `finish the SQL in ${project}: nobody waits for it any more`);

/** ERROR is about the statement; FATAL and a broken connection are about the session. */
function failure(project: ProjectId, error: unknown): unknown {
  if (error instanceof pg.DatabaseError && error.severity === 'ERROR') {
    return new SqlFailed(clip(error.message, 2_000), {
      code: error.code ?? 'XX000',
      position: error.position === undefined ? null : Number(error.position),
      detail: error.detail === undefined ? null : clip(error.detail, 2_000),
      hint: error.hint === undefined ? null : clip(error.hint, 2_000),
    });
  }
  return error instanceof SqlFailed ? error : unavailable('postgres', `finish the SQL in ${project}`, error);
}

const clip = (text: string | undefined, characters: number): string => (text ?? '').slice(0, characters);
