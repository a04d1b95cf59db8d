import pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import type { AppliedMigration, MigrationSession } from '../../application/ports/owner-migrations.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import { scriptOf, type MigrationFile } from '../../domain/migration/migration-file.ts';
import type { SqlPiece } from '../../domain/migration/sql-pieces.ts';

export const APPLIED = `SELECT version, name, checksum, applied_at AS "appliedAt", duration_ms AS "durationMs"
  FROM launchdb.owner_migrations ORDER BY version`;

const INSERT = `INSERT INTO launchdb.owner_migrations (version, name, checksum, sql, duration_ms, applied_at)
  VALUES ($1, $2, $3, $4, $5, pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()))
  RETURNING version, name, checksum, applied_at AS "appliedAt", duration_ms AS "durationMs"`;

/**
 * Each statement goes by way of DO and EXECUTE: there PostgreSQL refuses COMMIT, ROLLBACK and the like, so no file can
 * leave its transaction, and what a dry run did is taken back whatever the file says.
 */
export class OwnerMigrationSession implements MigrationSession {
  readonly #client: pg.Client;
  #rehearsing = false;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async applied(): Promise<readonly AppliedMigration[]> {
    return (await this.#ours<AppliedMigration>(APPLIED)).rows;
  }

  async apply(file: MigrationFile): Promise<AppliedMigration> {
    const startedAt = performance.now();
    const script = scriptOf(file);
    if (script.transaction) await this.#ours('BEGIN');
    try {
      if (script.transaction) await this.#runAll(file, script.pieces);
      else await this.#run(file, script.statement, script.statement.text, 'extended');
      await this.#ours('RESET ROLE');
      const row = [
        file.version,
        file.name,
        file.checksum,
        file.sql,
        Math.round(performance.now() - startedAt),
      ];
      const { rows } = await this.#client.query<AppliedMigration>(INSERT, row);
      // what was deferred is checked here
      if (script.transaction) await this.#client.query('COMMIT');
      const [applied] = rows;
      if (!applied) throw new Error('no row');
      return applied;
    } catch (error) {
      const failed = failure(file, error, undefined);
      if (failed instanceof SqlFailed) await this.#ours('ROLLBACK');
      throw failed;
    } finally {
      await this.#forget().catch(() => {});
    }
  }

  async rehearse(file: MigrationFile): Promise<number> {
    const startedAt = performance.now();
    const script = scriptOf(file);
    if (!script.transaction) throw new Error('cannot be rehearsed');
    if (!this.#rehearsing) await this.#ours('BEGIN');
    this.#rehearsing = true;
    await this.#runAll(file, script.pieces);
    try {
      // COMMIT would check what is deferred
      await this.#client.query('SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED');
    } catch (error) {
      throw failure(file, error, undefined);
    }
    await this.#forget();
    return Math.round(performance.now() - startedAt);
  }

  async #runAll(file: MigrationFile, pieces: readonly SqlPiece[]): Promise<void> {
    for (const piece of pieces) {
      const block = `BEGIN EXECUTE ${pg.escapeLiteral(piece.text)}; END`;
      await this.#run(file, piece, `DO ${pg.escapeLiteral(block)}`, 'simple');
    }
  }

  async #run(file: MigrationFile, piece: SqlPiece, text: string, queryMode: 'simple' | 'extended') {
    try {
      await this.#client.query({ text, ...(queryMode === 'extended' && { queryMode }) } as pg.QueryConfig);
    } catch (error) {
      throw failure(file, error, piece);
    }
  }

  /** What one file set is nothing to the next one. The lock stays: DISCARD ALL would give it back. */
  async #forget(): Promise<void> {
    await this.#ours('RESET ROLE; RESET ALL; DISCARD TEMP');
  }

  async #ours<Row extends pg.QueryResultRow>(text: string): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#client.query<Row>(text);
    } catch (error) {
      throw new Unavailable('go on in the session of the migration', error);
    }
  }
}

/** ERROR is about the SQL; FATAL and a broken connection are about the session. */
function failure(file: MigrationFile, error: unknown, piece: SqlPiece | undefined): unknown {
  if (error instanceof SqlFailed || error instanceof Unavailable) return error;
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR')
    return new Unavailable(`finish ${file.name}`, error);
  const clip = (text: string | undefined) => text?.slice(0, 2_000) ?? null;
  const code = error.code ?? 'XX000';
  const leaves = code === '0A000' && /EXECUTE of transaction commands/.test(error.message);
  return new SqlFailed(
    leaves ? 'a migration may not begin or end a transaction itself' : (clip(error.message) ?? ''),
    {
      code,
      position: piece ? positionOf(file, error, piece) : null,
      detail: clip(error.detail),
      hint: leaves
        ? 'Take out BEGIN, COMMIT and the like: the whole file is one transaction.'
        : clip(error.hint),
    },
  );
}

/** In characters of the file from 1: the place that PostgreSQL names, or else where the statement begins. */
function positionOf({ sql }: MigrationFile, error: pg.DatabaseError, piece: SqlPiece): number {
  const direct = error.position !== undefined && error.internalQuery === undefined;
  const inside = error.internalQuery === piece.text ? error.internalPosition : undefined;
  // of a statement that went as it is; in a block it would be a place in the block
  const place = inside ?? (direct && error.where === undefined ? error.position : undefined);
  return Array.from(sql.slice(0, piece.offset)).length + Number(place ?? 1);
}
