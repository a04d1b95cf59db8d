/**
 * Numbered SQL files, each applied once: in one transaction with the row that says so. The row is inserted
 * first, so of two that apply the same file at once the primary key lets one through and makes the other wait.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Refused, unavailable } from '../../application/errors.ts';
import { MigrationsStopped, type FileResult } from '../../application/ports/migrations.ts';
import { placeOf, sqlPieces, type SqlPiece } from '../../domain/migration/sql-pieces.ts';

export interface MigrationOptions {
  /** where the table `migrations` lives; both are created when missing */
  readonly schema: string;
  /** the last number to apply; default: all */
  readonly upTo?: number;
}

interface MigrationFile {
  readonly version: number;
  readonly name: string;
  readonly path: string;
}

type Script = Omit<MigrationFile, 'path'> & { readonly sql: string; readonly checksum: string };

const LOCK_TIMEOUT = '55P03';
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;
const MISSING_TABLE = '42P01';
/** Schema, table, object (the table's row type) and key that are there already. */
const DUPLICATES: readonly (string | undefined)[] = ['42P06', '42P07', '42710', '23505'];

/**
 * Applies what is missing, in order, and says the files' names. Idempotent. The client must not be in a
 * transaction; limits on time are the client's own.
 * @throws {MigrationsStopped} a file differs from what was applied, or its SQL fails (that file left nothing behind)
 * @throws {Unavailable} the connection died
 */
export async function applyMigrations(
  client: pg.ClientBase,
  folder: URL | string,
  options: MigrationOptions,
): Promise<{ applied: string[]; results: readonly FileResult[] }> {
  const table = `${pg.escapeIdentifier(options.schema)}.migrations`;
  const checksums = await appliedChecksums(client, options.schema, table);
  const results: FileResult[] = [];
  for (const file of await migrationFiles(folder)) {
    if (file.version > (options.upTo ?? Infinity)) break;
    results.push(await resultOf(client, table, file, checksums.get(file.version), results));
  }
  return { applied: results.filter(({ executed }) => executed).map(({ name }) => name), results };
}

async function resultOf(
  client: pg.ClientBase,
  table: string,
  { name, version, path }: MigrationFile,
  applied: string | undefined,
  before: readonly FileResult[],
): Promise<FileResult> {
  const startedAt = performance.now();
  const sql = await readFile(path, 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  const took = () => Math.round(performance.now() - startedAt);
  try {
    if (applied !== undefined) requireSame(name, checksum, applied);
    const executed =
      applied === undefined && (await applyOnce(client, table, { name, version, sql, checksum }));
    return { name, checksum, executed, durationMs: took() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const failed = { name, checksum, executed: false, durationMs: took(), error: error.message };
    throw new MigrationsStopped(error.message, [...before, failed], error);
  }
}

/** The highest number in the folder; 0 when there is none. */
export async function latestVersion(folder: URL | string): Promise<number> {
  return (await migrationFiles(folder)).at(-1)?.version ?? 0;
}

async function migrationFiles(folder: URL | string): Promise<MigrationFile[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort();
  const files = names.map((name) => {
    const version = FILE_NAME.exec(name)?.[1];
    if (version === undefined) throw new Refused(`${name} is not named like 0001_what_it_does.sql`);
    return { version: Number(version), name, path: join(path, name) };
  });
  for (const [index, file] of files.entries()) {
    if (file.version === files[index + 1]?.version)
      throw new Refused(`two migrations are number ${file.version}`);
  }
  return files;
}

/** By version, in one question: of a database that has everything, such as a copy of the template, nothing more is asked. */
async function appliedChecksums(
  client: pg.ClientBase,
  schema: string,
  table: string,
): Promise<ReadonlyMap<number, string>> {
  try {
    const { rows } = await client.query<{ version: number; checksum: string }>(
      `SELECT version, checksum FROM ${table}`,
    );
    return new Map(rows.map(({ version, checksum }) => [version, checksum]));
  } catch (error) {
    if (sqlState(error) !== MISSING_TABLE) throw failure('read which migrations were applied', error);
    await ensureTable(client, schema, table);
    return appliedChecksums(client, schema, table);
  }
}

async function ensureTable(client: pg.ClientBase, schema: string, table: string): Promise<void> {
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
      version integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  } catch (error) {
    // IF NOT EXISTS does not cover two that create at the same moment
    if (!DUPLICATES.includes(sqlState(error))) throw failure('prepare the table of migrations', error);
    await ensureTable(client, schema, table);
  }
}

/** @returns whether it was this call that applied the file */
async function applyOnce(client: pg.ClientBase, table: string, file: Script): Promise<boolean> {
  let piece: SqlPiece | undefined;
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query(
      `INSERT INTO ${table} (version, name, checksum) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [file.version, file.name, file.checksum],
    );
    const ours = rowCount === 1;
    // one by one, only so that the line of what fails can be told
    for (piece of ours ? sqlPieces(file.sql) : []) await client.query(piece.text);
    piece = undefined;
    if (!ours) requireSame(file.name, file.checksum, await checksumOf(client, table, file));
    await client.query('COMMIT');
    return ours;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw failure(`apply ${file.name}${lineOf(file.sql, piece, error)}`, error);
  }
}

async function checksumOf(client: pg.ClientBase, table: string, { version }: Script): Promise<string> {
  const { rows } = await client.query<{ checksum: string }>(
    `SELECT checksum FROM ${table} WHERE version = $1`,
    [version],
  );
  return rows[0]?.checksum ?? '';
}

/** @throws {Refused} */
function requireSame(name: string, checksum: string, applied: string): void {
  if (checksum !== applied)
    throw new Refused(`${name} was changed after it was applied; put it back and add a new file instead`);
}

/** The place that PostgreSQL tells, or else where the statement begins. */
function lineOf(sql: string, piece: SqlPiece | undefined, error: unknown): string {
  if (!piece || !(error instanceof pg.DatabaseError)) return '';
  const before = Array.from(sql.slice(0, piece.offset)).length;
  return `, line ${placeOf(sql, before + Number(error.position ?? 1)).line}`;
}

function failure(attempted: string, error: unknown): Error {
  if (error instanceof Refused) return error;
  const state = sqlState(error);
  if (state === LOCK_TIMEOUT)
    return unavailable('postgres', `${attempted}: somebody holds a lock on what it changes`, error);
  const transient = state === undefined || /^(08|40|53|57)/.test(state);
  if (transient) return unavailable('postgres', attempted, error);
  return new Refused(`could not ${attempted}: ${(error as Error).message}`, error);
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
