/** An owner's migration is a file of SQL; its name says its place and what it does. */
import { Rejection } from '../rejection.ts';
import { sqlPieces, type SqlPiece } from './sql-pieces.ts';

export interface MigrationFile {
  readonly version: number;
  readonly name: string;
  /** see {@link canonicalSql} */
  readonly sql: string;
  /** hex sha256 of `sql` */
  readonly checksum: string;
}

export const MAX_SQL_CHARACTERS = 1_000_000;
export const MAX_VERSION = 9_999;
export const NAMED_LIKE = '0001_what_it_does.sql (a to z, 0 to 9 and "_", 100 characters at most)';

/** @returns undefined for what is not named like a migration */
export function versionOf(name: string): number | undefined {
  const digits = /^(\d{4})_[a-z0-9_]{1,91}\.sql$/.exec(name)?.[1];
  return digits === undefined || digits === '0000' ? undefined : Number(digits);
}

/** The same file has the same checksum whatever an editor or a checkout made of its line ends. */
export const canonicalSql = (text: string): string => text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');

/** What does not go into a transaction and gives no rows. */
const ALONE =
  /^(?:create\s+(?:unique\s+)?index|drop\s+index|reindex|vacuum|analyze|cluster|refresh\s+materialized|alter\s+(?:table|type|index))\b/i;

/** How a file is to be run. */
export type Script =
  | { readonly transaction: true; readonly pieces: readonly SqlPiece[] }
  | { readonly transaction: false; readonly statement: SqlPiece };

/**
 * A file runs in one transaction unless a comment above its SQL says "-- launchdb: no-transaction".
 * @throws {Rejection} migration/invalid
 */
export function scriptOf({ name, sql }: Pick<MigrationFile, 'name' | 'sql'>): Script {
  const pieces = sqlPieces(sql);
  const header = sql.slice(0, pieces[0]?.offset ?? sql.length);
  const words = [...header.matchAll(/^--[ \t]*launchdb:[ \t]*(.*?)[ \t]*$/gim)].map(([, word]) => word);
  const unknown = words.find((word) => word !== 'no-transaction');
  if (unknown !== undefined)
    throw invalid(
      `${name}: the header "launchdb: ${unknown.slice(0, 50)}" is not known; there is "no-transaction".`,
    );
  if (words.length === 0) return { transaction: true, pieces };
  const [statement] = pieces;
  if (!statement || pieces.length > 1 || !ALONE.test(statement.text)) {
    throw invalid(
      `${name}: without a transaction a file holds exactly one statement, of those that do not go into one: CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY, REINDEX, VACUUM and the like.`,
    );
  }
  return { transaction: false, statement };
}

const invalid = (detail: string) => new Rejection('migration/invalid', detail);
