import { createHash } from 'node:crypto';
import pg from 'pg';
import { unavailable } from '../../application/errors.ts';
import {
  MigrationsBusy,
  type AppliedMigration,
  type MigrationLimits,
  type MigrationSession,
  type OwnerMigrations,
} from '../../application/ports/owner-migrations.ts';
import { databaseName, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { appliedMigrations, OwnerMigrationSession } from './owner-migration-session.ts';
import { connectAsOwner, endOwnerSession } from './owner-session.ts';
import { inTransaction, type PostgresServer } from './postgres-server.ts';
import { sqlState } from './postgres-errors.ts';
import { MIGRATION_SESSION } from './session-settings.ts';

/** advisory locks are of one database: the same key for all projects */
const LOCK = 0x1a_db_04;

type Who = Parameters<OwnerMigrations['exclusively']>[0];

/** The same on every server. */
export const checksumOf = (sql: string): string => createHash('sha256').update(sql).digest('hex');

/**
 * In sessions straight to PostgreSQL as the project's owner, never as a superuser: a session lock and settings do not
 * survive the pooler. The table of what was applied is the platform's; the owner may add to it and read it, so that a
 * row comes in the transaction of what it speaks of.
 */
export class PostgresOwnerMigrations implements OwnerMigrations {
  readonly #server: PostgresServer;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  checksum(sql: string): string {
    return checksumOf(sql);
  }

  list(project: ProjectId): Promise<readonly AppliedMigration[]> {
    return this.#read(project, appliedMigrations);
  }

  async sqlOf(project: ProjectId, version: number): Promise<string | undefined> {
    const [found] = await this.#read(project, async (client) => {
      const text = 'SELECT sql FROM launchdb.owner_migrations WHERE version = $1';
      return (await client.query<{ sql: string }>(text, [version])).rows;
    });
    return found?.sql;
  }

  #read<Row>(project: ProjectId, work: (client: pg.Client) => Promise<Row[]>): Promise<Row[]> {
    return this.#server.inDatabase(databaseName(project), 'read the migrations', async (client) => {
      const { rows } = await client.query<{ there: boolean }>(
        `SELECT to_regclass('launchdb.owner_migrations') IS NOT NULL AS there`,
      );
      return rows[0]?.there === true ? work(client) : [];
    });
  }

  async exclusively<T>(
    who: Who,
    limits: MigrationLimits & { readonly waitMs: number },
    signal: AbortSignal,
    work: (session: MigrationSession) => Promise<T>,
  ): Promise<T> {
    await this.#ensureTable(who.project);
    const client = await this.#connect(who, limits);
    const end = () => void endOwnerSession(this.#server, client, who.project);
    signal.addEventListener('abort', end);
    try {
      if (signal.aborted) throw unavailable('postgres', 'migrate: nobody waits for it any more');
      await lock(client, limits.waitMs);
      return await work(new OwnerMigrationSession(client));
    } finally {
      signal.removeEventListener('abort', end);
      // with it go its lock and a transaction that is still open
      await client.end().catch(() => {});
    }
  }

  #connect({ project, ownerPassword }: Who, limits: MigrationLimits): Promise<pg.Client> {
    return connectAsOwner(this.#server, project, ownerPassword, {
      application_name: 'launchdb-migrations',
      statement_timeout: limits.statementTimeoutMs,
      lock_timeout: limits.lockTimeoutMs,
      idle_in_transaction_session_timeout: 30_000,
      options: MIGRATION_SESSION,
    });
  }

  /** Not in the template: projects of every age have to have it. */
  async #ensureTable(project: ProjectId): Promise<void> {
    const owner = ownerRole(project);
    await this.#server.inDatabase(databaseName(project), 'prepare the migrations', async (client) => {
      const { rows } = await client.query<{ ready: boolean | null }>(
        `SELECT has_schema_privilege($1, to_regnamespace('launchdb'), 'USAGE')
            AND has_table_privilege($1, to_regclass('launchdb.owner_migrations'), 'INSERT') AS ready`,
        [owner],
      );
      if (rows[0]?.ready === true) return;
      await inTransaction(client, async () => {
        await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK + 1]);
        await client.query(TABLE);
        await client.query(`GRANT USAGE ON SCHEMA launchdb TO ${pg.escapeIdentifier(owner)}`);
        await client.query(
          `GRANT SELECT, INSERT ON launchdb.owner_migrations TO ${pg.escapeIdentifier(owner)}`,
        );
      });
    });
  }
}

/** Bounded in every column: what stands here is the owner's word, and events are made of it. */
const TABLE = `CREATE TABLE IF NOT EXISTS launchdb.owner_migrations (
  version integer PRIMARY KEY CHECK (version BETWEEN 1 AND 9999),
  name text NOT NULL CHECK (name ~ '^\\d{4}_[a-z0-9_]{1,91}\\.sql$'),
  checksum text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  sql text NOT NULL CHECK (octet_length(sql) <= 4000000),
  duration_ms integer NOT NULL CHECK (duration_ms >= 0),
  applied_at timestamptz NOT NULL CHECK (applied_at BETWEEN '2000-01-01' AND '3000-01-01')
)`;

async function lock(client: pg.Client, waitMs: number): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${waitMs}; SET statement_timeout = ${waitMs + 5_000}`);
    await client.query('SELECT pg_catalog.pg_advisory_lock($1)', [LOCK]);
    await client.query('RESET ALL');
  } catch (error) {
    if (sqlState(error) === '55P03') throw new MigrationsBusy('somebody else migrates', { cause: error });
    throw unavailable('postgres', 'wait for the turn to migrate', error);
  }
}
