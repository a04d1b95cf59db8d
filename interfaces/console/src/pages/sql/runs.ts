/** What is sent of a text, and what came of each part. */
import type { SqlResult } from '../../api/sql.ts';
import {
  belongTogether,
  refusalOf,
  splitStatements,
  statementAt,
  unitOf,
  type Refused,
  type Statement,
} from '../../data/statements.ts';
import type { Plan } from './explain-tree.ts';

export interface Part {
  /** what is sent */
  readonly sql: string;
  /** how much of it stands before what the owner wrote */
  readonly before: number;
  /** where that begins in the editor's text */
  readonly from: number;
  readonly to: number;
  readonly explains: boolean;
}

export type Outcome =
  | { readonly state: 'waiting' | 'running' | 'skipped' | 'cancelled'; readonly part: Part }
  | { readonly state: 'done'; readonly part: Part; readonly result: SqlResult }
  | { readonly state: 'plan'; readonly part: Part; readonly result: SqlResult; readonly plan: Plan }
  | { readonly state: 'failed'; readonly part: Part; readonly error: unknown };

export type Wish = 'run' | 'explain' | 'analyze';
export interface Selection {
  readonly from: number;
  readonly to: number;
}

/** What a press on a key means: the selection, or else the statement at the cursor. */
export function chosen(text: string, { from, to }: Selection): readonly Statement[] {
  if (from !== to)
    return splitStatements(text.slice(from, to)).map((one) => ({
      ...one,
      from: one.from + from,
      to: one.to + from,
    }));
  const found = statementAt(splitStatements(text), from);
  return found ? [found] : [];
}

/** @param together in one transaction, whether they need it or not */
export function partsOf(
  text: string,
  statements: readonly Statement[],
  together: boolean,
): readonly Part[] | { readonly refused: Refused } {
  const refused = statements.map(refusalOf).find((reason) => reason !== null);
  if (refused) return { refused };
  const [first, last] = [statements[0], statements.at(-1)];
  if (!first || !last) return [];
  if (statements.length > 1 && (together || belongTogether(statements)))
    return [
      { sql: text.slice(first.from, last.to), before: 0, from: first.from, to: last.to, explains: false },
    ];
  return statements.map((statement) => ({
    sql: statement.text,
    before: 0,
    from: statement.from,
    to: statement.to,
    explains: statement.words[0] === 'explain',
  }));
}

/** With times it is run, in a transaction that can only read. */
export function explained(statement: Statement, wish: 'explain' | 'analyze'): Part {
  const { text, from, to, words } = statement;
  if (words[0] === 'explain') return { sql: text, before: 0, from, to, explains: true };
  const before =
    wish === 'explain'
      ? 'EXPLAIN (FORMAT JSON) '
      : 'SET TRANSACTION READ ONLY;\nEXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ';
  return { sql: before + text, before: before.length, from, to, explains: true };
}

/** Where in the editor's text an error is, if PostgreSQL says so. */
export function errorPlace(part: Part, position: unknown): Selection | null {
  if (typeof position !== 'number') return null;
  const unit = unitOf(part.sql, position) - part.before;
  if (unit < 0) return null;
  const from = Math.min(part.from + unit, part.to);
  const rest = part.sql.slice(unit + part.before);
  const word = /^("[^"]*"|[\w$\u0080-\uffff]+|.)/.exec(rest)?.[0].length ?? 1;
  return { from, to: Math.min(Math.max(from + word, from), part.to) };
}
