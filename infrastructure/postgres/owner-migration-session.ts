import pg from 'pg';
import { unavailable } from '../../application/errors.ts';
import type { AppliedMigration, MigrationSession } from '../../application/ports/owner-migrations.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import { scriptOf, type MigrationFile } from '../../domain/migration/migration-file.ts';
import type { SqlPiece } from '../../domain/migration/sql-pieces.ts';
import { CopyInQuery } from './copy-in-query.ts';
import { migrationFailure, textIsAsSent } from './migration-failure.ts';
import { ReportedSettings } from './reported-settings.ts';

/** In UTC and in full, whatever the session's styles are; without operators, which might be the owner's. */
const ROW = `version, name, checksum, duration_ms AS "durationMs",
  pg_catalog.to_char(pg_catalog.timezone('UTC', applied_at), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "appliedAt"`;
type Row = Omit<AppliedMigration, 'appliedAt'> & { readonly appliedAt: string };

const fromRow = ({ appliedAt, ...row }: Row): AppliedMigration => ({
  ...row,
  appliedAt: new Date(appliedAt),
});

const APPLIED = `SELECT ${ROW} FROM launchdb.owner_migrations ORDER BY version`;

const INSERT = `INSERT INTO launchdb.owner_migrations (version, name, checksum, sql, duration_ms, applied_at)
  VALUES ($1, $2, $3, $4, $5, pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()))
  RETURNING ${ROW}`;

export const appliedMigrations = async (client: pg.ClientBase): Promise<AppliedMigration[]> =>
  (await client.query<Row>(APPLIED)).rows.map(fromRow);

/** What a file set, and what it left open, is nothing to ours and to the next one. RESET ROLE might be the owner's. */
const AS_BEGUN = 'SET ROLE NONE; RESET ALL';

/**
 * Each statement goes by way of DO and EXECUTE: there PostgreSQL refuses COMMIT, ROLLBACK and the like, so no file can
 * leave its transaction, and what a dry run did is taken back whatever the file says. EXECUTE takes neither SELECT INTO
 * nor COPY FROM STDIN nor SET TRANSACTION; these go as they are, since their first word says that they are none of those, and by the extended
 * protocol, which takes a single statement.
 */
export class OwnerMigrationSession implements MigrationSession {
  readonly #client: pg.Client;
  #rehearsing = false;
  readonly #settings: ReportedSettings;

  constructor(client: pg.Client) {
    this.#client = client;
    this.#settings = new ReportedSettings(client);
  }

  async applied(): Promise<readonly AppliedMigration[]> {
    return this.#ours(() => appliedMigrations(this.#client));
  }

  async apply(file: MigrationFile): Promise<AppliedMigration> {
    const startedAt = performance.now();
    const script = scriptOf(file);
    if (script.transaction) await this.#do('BEGIN');
    try {
      if (script.transaction) await this.#runAll(file, script.pieces);
      else await this.#run(file, script.statement, alone(script.statement));
      await this.#do(AS_BEGUN);
      const took = Math.round(performance.now() - startedAt);
      const row = [file.version, file.name, file.checksum, file.sql, took];
      const { rows } = await this.#client.query<Row>(INSERT, row);
      if (script.transaction) await this.#client.query('COMMIT');
      const [applied] = rows;
      if (!applied) throw new Error('no row');
      return fromRow(applied);
    } catch (error) {
      const failed = migrationFailure(file, error, undefined);
      if (failed instanceof SqlFailed) await this.#do('ROLLBACK');
      throw failed;
    } finally {
      await this.#forget().catch(() => {});
    }
  }

  async rehearse(file: MigrationFile): Promise<number> {
    const startedAt = performance.now();
    const script = scriptOf(file);
    if (!script.transaction) throw new Error('cannot be rehearsed');
    if (!this.#rehearsing) await this.#do('BEGIN');
    this.#rehearsing = true;
    await this.#runAll(file, script.pieces);
    await this.#do('SET CONSTRAINTS ALL DEFERRED');
    await this.#forget();
    return Math.round(performance.now() - startedAt);
  }

  async #runAll(file: MigrationFile, pieces: readonly SqlPiece[]): Promise<void> {
    for (const piece of pieces) {
      await this.#run(file, piece, queryOf(piece));
      const { first: changed } = this.#settings;
      if (changed) throw textIsAsSent(file, piece, changed);
    }
    // what is deferred is checked with what the file has set, and in a rehearsal, which has no COMMIT
    await this.#run(file, undefined, 'SET CONSTRAINTS ALL IMMEDIATE');
  }

  async #run(file: MigrationFile, piece: SqlPiece | undefined, query: string | pg.Query) {
    try {
      if (query instanceof pg.Query) await untilEnd(this.#client, query);
      else await this.#client.query(query);
    } catch (error) {
      throw migrationFailure(file, error, piece);
    }
  }

  /** The lock stays: DISCARD ALL would give it back. */
  async #forget(): Promise<void> {
    await this.#do(
      `${AS_BEGUN}; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; DISCARD PLANS`,
    );
  }

  async #do(text: string): Promise<void> {
    await this.#ours(() => this.#client.query(text));
  }

  async #ours<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw unavailable('postgres', 'go on in the session of the migration', error);
    }
  }
}

/** It has to be the first, and a block is a query itself. */
const SET_TRANSACTION = /^set\s+transaction\b/i;

function queryOf({ text, selectsInto, data }: SqlPiece): string | pg.Query {
  if (data) return new CopyInQuery(text, data.text);
  if (selectsInto || SET_TRANSACTION.test(text)) return alone({ text });
  const block = `BEGIN EXECUTE ${pg.escapeLiteral(text)}; END`;
  return `DO ${pg.escapeLiteral(block)}`;
}

/** PostgreSQL takes one statement in it and no more. */
const alone = ({ text }: Pick<SqlPiece, 'text'>): pg.Query =>
  new pg.Query({ text, queryMode: 'extended' } as pg.QueryConfig);

const untilEnd = (client: pg.Client, query: pg.Query): Promise<void> =>
  new Promise((resolve, reject) => {
    query.on('end', () => resolve());
    query.on('error', reject);
    // rows that nobody asked for are not kept
    query.on('row', () => {});
    client.query(query);
  });
