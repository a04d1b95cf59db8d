/** Splits SQL as psql does: at semicolons that are not inside of quotes, comments, parentheses or a function's body. */

export interface Statement {
  /** without its semicolon and without comments and space around it */
  readonly text: string;
  /** where it begins and ends in the whole text, in UTF-16 units */
  readonly from: number;
  readonly to: number;
  /** its first words, in lower case */
  readonly words: readonly string[];
}

const PIECE =
  /--[^\n]*|\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[uU]&"|[eE]'|'|"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|\s+|[^]/gy;
const WORDS_KEPT = 12;

export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let open = new Open();
  for (let at = 0; at < sql.length;) {
    const { end, kind } = pieceAt(sql, at);
    const piece = sql.slice(at, end);
    if (piece === ';' && open.isOutside) {
      statements.push(...open.close(sql));
      open = new Open();
    } else if (kind !== 'space') open.add(piece, kind, at, end);
    at = end;
  }
  return [...statements, ...open.close(sql)];
}

type Kind = 'space' | 'word' | 'other';

function pieceAt(sql: string, at: number): { readonly end: number; readonly kind: Kind } {
  PIECE.lastIndex = at;
  const piece = PIECE.exec(sql)?.[0] ?? sql.charAt(at);
  const past = at + piece.length;
  if (piece === '/*') return { end: endOfComment(sql, past), kind: 'space' };
  if (piece.startsWith('--') || /^\s/.test(piece)) return { end: past, kind: 'space' };
  if (piece.length > 1 && piece.startsWith('$')) return { end: after(sql, piece, past), kind: 'other' };
  if (/^[eE]'$/.test(piece)) return { end: match(/(?:[^'\\]|''|\\[^])*'?/y, sql, past), kind: 'other' };
  if (piece === "'") return { end: match(/(?:[^']|'')*'?/y, sql, past), kind: 'other' };
  if (piece.endsWith('"')) return { end: match(/(?:[^"]|"")*"?/y, sql, past), kind: 'other' };
  return { end: past, kind: /^[A-Za-z_]/.test(piece) ? 'word' : 'other' };
}

function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(sql)?.[0].length ?? 0);
}

function after(sql: string, mark: string, at: number): number {
  const found = sql.indexOf(mark, at);
  return found === -1 ? sql.length : found + mark.length;
}

/** PostgreSQL's comments nest. */
function endOfComment(sql: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(sql);
    if (mark === null) return sql.length;
    depth += mark[0] === '/*' ? 1 : -1;
  }
  return marks.lastIndex;
}

/** A statement that is being read. */
class Open {
  #from = -1;
  #to = -1;
  #parentheses = 0;
  /** BEGIN ATOMIC ... END of a function, with the CASE ... END in it */
  #blocks = 0;
  readonly #words: string[] = [];

  get isOutside(): boolean {
    return this.#parentheses === 0 && this.#blocks === 0;
  }

  add(piece: string, kind: Kind, from: number, to: number): void {
    if (this.#from === -1) this.#from = from;
    this.#to = to;
    if (piece === '(') this.#parentheses++;
    if (piece === ')' && this.#parentheses > 0) this.#parentheses--;
    if (kind !== 'word') return;
    const word = piece.toLowerCase();
    if (this.#words.length < WORDS_KEPT) this.#words.push(word);
    if (!this.#isRoutine) return;
    if (word === 'begin' || (word === 'case' && this.#blocks > 0)) this.#blocks++;
    if (word === 'end' && this.#blocks > 0) this.#blocks--;
  }

  get #isRoutine(): boolean {
    return /^create (or replace )?(function|procedure)\b/.test(this.#words.join(' '));
  }

  close(sql: string): Statement[] {
    if (this.#from === -1) return [];
    const [from, to] = [this.#from, this.#to];
    return [{ text: sql.slice(from, to), from, to, words: this.#words }];
  }
}

export type Refused = 'copy' | 'meta-command';

/** What no request of the SQL endpoint can carry out, whatever the rights. */
export function refusalOf({ text, words }: Statement): Refused | null {
  if (text.startsWith('\\')) return 'meta-command';
  return words[0] === 'copy' && /\b(stdin|stdout)\b/i.test(text) ? 'copy' : null;
}

const OF_A_SESSION = new Set(
  'begin start commit end rollback abort savepoint release set reset prepare execute deallocate declare fetch move close lock'.split(
    ' ',
  ),
);

/**
 * Whether statements mean something only together: every request is a session of its own, so what one statement
 * sets, locks or prepares would be gone before the next one.
 */
export const belongTogether = (statements: readonly Statement[]): boolean =>
  statements.length > 1 &&
  statements.some(
    ({ words }) =>
      OF_A_SESSION.has(words[0] ?? '') || /^create (local |global )?temp(orary)? /.test(words.join(' ')),
  );

const READS = new Set(['select', 'with', 'table', 'values', 'explain', 'show']);
export const looksLikeReading = ({ words }: Statement): boolean => READS.has(words[0] ?? '');

const CHANGES_SCHEMA = new Set('create alter drop comment grant revoke import security do call'.split(' '));
export const maySchemaChange = ({ words }: Statement): boolean =>
  CHANGES_SCHEMA.has(words[0] ?? '') || words.includes('into');

/** The statement at a place in the whole text: the one that it is in or right behind, or else the next one. */
export function statementAt(statements: readonly Statement[], place: number): Statement | undefined {
  return statements.find(({ to }) => place <= to + 1) ?? statements.at(-1);
}

/** PostgreSQL counts characters from 1, JavaScript UTF-16 units from 0. */
export function unitOf(text: string, position: number): number {
  let unit = 0;
  for (let counted = 1; counted < position && unit < text.length; counted++)
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  return unit;
}
