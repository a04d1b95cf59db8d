/** An owner's migration is a file of SQL; its name says its place and what it does. */
import { Rejection } from '../rejection.ts';
import { placeOf, sqlPieces, type SqlPiece } from './sql-pieces.ts';

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
  refusePsqlCommands(name, sql, pieces);
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

/** What to do instead of a command of psql. */
const INSTEAD: readonly (readonly [command: RegExp, advice: string])[] = [
  [/^(?:i|ir|include|include_relative)$/, 'put the text of that file here, or into a migration of its own'],
  [/^copy$/, 'write COPY ... FROM STDIN, with the rows on the lines below it and "\\." on the last one'],
  [/^(?:set|gset|unset|prompt)$/, 'write the value itself'],
  [/^(?:if|elif|else|endif)$/, 'write a DO block with IF'],
  [/^(?:c|connect)$/, "take it out: a migration runs in its project's database, as its owner"],
  [/^(?:g|gexec|gx)$/, 'write ";", or a DO block with EXECUTE'],
];

/** @throws {Rejection} migration/invalid */
function refusePsqlCommands(name: string, sql: string, pieces: readonly SqlPiece[]): void {
  const piece = pieces.find(({ text }) => text.startsWith('\\'));
  if (!piece) return;
  const command = /^\\(\w*)/.exec(piece.text)?.[1] ?? '';
  const advice = INSTEAD.find(([commands]) => commands.test(command))?.[1] ?? 'take it out';
  const { line } = placeOf(sql, Array.from(sql.slice(0, piece.offset)).length + 1);
  throw invalid(
    `${name}, line ${line}: "\\${command.slice(0, 30)}" is a command of psql, and not SQL; ${advice}.`,
  );
}

const invalid = (detail: string) => new Rejection('migration/invalid', detail);
