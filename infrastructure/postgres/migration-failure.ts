/** What PostgreSQL says of an owner's migration, in words of the file. */
import pg from 'pg';
import { Unavailable, unavailable } from '../../application/errors.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { MigrationFile } from '../../domain/migration/migration-file.ts';
import type { SqlPiece } from '../../domain/migration/sql-pieces.ts';

/** What a migration cannot do, by PostgreSQL's words, and what to write instead. */
const CANNOT: readonly (readonly [words: RegExp, message: string, hint: string])[] = [
  [
    /EXECUTE of transaction commands/,
    'a migration may not begin or end a transaction itself',
    'Take out BEGIN, COMMIT and the like: the whole file is one transaction. Instead of SAVEPOINT, write a DO block with EXCEPTION.',
  ],
  [
    /cannot COPY to\/from client/,
    'this COPY has no data of its own, or gives rows that nobody takes',
    'Write the rows of COPY ... FROM STDIN on the lines below it, and "\\." on a line of its own behind them; take COPY ... TO STDOUT out.',
  ],
  [
    /EXECUTE of SELECT [.]{3} INTO/,
    'SELECT ... INTO is not possible here',
    'Write CREATE TABLE ... AS SELECT instead.',
  ],
];

const CANNOT_BE_NOTED: typeof CANNOT = [
  [
    /in a read-only transaction/,
    'the migration made its transaction read only, so that it cannot be noted as applied',
    'Take out SET TRANSACTION READ ONLY.',
  ],
];

/** ERROR is about the SQL; FATAL and a broken connection are about the session. */
export function migrationFailure(file: MigrationFile, error: unknown, piece: SqlPiece | undefined): unknown {
  if (error instanceof SqlFailed || error instanceof Unavailable) return error;
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR')
    return unavailable('postgres', `finish ${file.name}`, error);
  const clip = (text: string | undefined) => text?.slice(0, 2_000) ?? null;
  const known = piece ? CANNOT : CANNOT_BE_NOTED;
  const [, message, hint] = known.find(([words]) => words.test(error.message)) ?? [];
  return new SqlFailed(message ?? clip(error.message) ?? '', {
    code: error.code ?? 'XX000',
    position: piece ? positionOf(file, error, piece) : null,
    detail: clip(error.detail),
    hint: hint ?? clip(error.hint),
  });
}

/** The file has set something by which its own text would not be understood as it is sent. */
export function textIsAsSent(file: MigrationFile, piece: SqlPiece, setting: string): SqlFailed {
  const hint =
    setting === 'client_encoding'
      ? 'Take out SET client_encoding: the text of a migration is Unicode.'
      : `Take out SET ${setting}: write strings with backslashes as E'...'.`;
  const position = Array.from(file.sql.slice(0, piece.offset)).length + 1;
  return new SqlFailed(`a migration may not change ${setting}`, {
    code: '0A000',
    position,
    detail: null,
    hint,
  });
}

/** In characters of the file from 1: the place that PostgreSQL names, or else where the statement begins. */
function positionOf({ sql }: MigrationFile, error: pg.DatabaseError, piece: SqlPiece): number {
  const { data } = piece;
  const line = data && /^COPY \S+, line (\d+)/.exec(error.where ?? '')?.[1];
  if (data && line !== undefined) {
    const before = data.text.split('\n').slice(0, Number(line) - 1);
    const at = data.offset + before.reduce((length, one) => length + one.length + 1, 0);
    return Array.from(sql.slice(0, at)).length + 1;
  }
  const direct = error.position !== undefined && error.internalQuery === undefined;
  const inside = error.internalQuery === piece.text ? error.internalPosition : undefined;
  // of a statement that went as it was; in a block it would be a place in the block
  const place = inside ?? (direct && error.where === undefined ? error.position : undefined);
  return Array.from(sql.slice(0, piece.offset)).length + Number(place ?? 1);
}
