/** A statement of a file and where it stands. */
export interface SqlPiece {
  /** of its first character that is neither space nor comment, in UTF-16 units from 0 */
  readonly offset: number;
  readonly text: string;
  /** it begins with SELECT or WITH and makes a table: SELECT ... INTO */
  readonly selectsInto?: true;
  /** COPY ... FROM STDIN: the lines below it, up to the one that is `\.` */
  readonly data?: { readonly offset: number; readonly text: string };
}

/** In this order: comments, quotes of each kind, words and numbers, commands of psql, one other character. */
const TOKENS =
  /--[^\n\r]*|\/\*|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|)\$[\s\S]*?(?:\$\1\$|$)|[eE]'(?:[^'\\]+|''|\\[\s\S])*(?:'|$)|'(?:[^']+|'')*(?:'|$)|"(?:[^"]+|"")*(?:"|$)|[\w\u0080-\uffff][\w$\u0080-\uffff]*|\\[^\n\r]*|\s+|[\s\S]/g;

/** What pg_dump writes around its output, so that psql runs no command of its own from there. */
const RESTRICTED = /^\\(?:un)?restrict\b/;

/**
 * Cuts SQL at its semicolons, as psql does. A command of psql (`\i file`) is a piece of its own. Where a semicolon is
 * taken for one that ends nothing, a piece holds several statements.
 */
export function sqlPieces(sql: string): readonly SqlPiece[] {
  const pieces: SqlPiece[] = [];
  const tokens = new RegExp(TOKENS);
  let statement: Statement | undefined;
  const cut = (end?: number) => {
    if (statement) pieces.push(statement.piece(sql.slice(statement.offset, end)));
    statement = undefined;
  };
  for (let found = tokens.exec(sql); found; found = tokens.exec(sql)) {
    const [token] = found;
    if (token === '/*') tokens.lastIndex = endOfComment(sql, tokens.lastIndex);
    if (/^(?:\s|--|\/\*)/.test(token)) continue;
    if (token.startsWith('\\')) {
      cut(found.index);
      if (!RESTRICTED.test(token)) pieces.push({ offset: found.index, text: token });
    } else if (token === ';' && !statement?.isOpen) {
      const data = statement?.copiesIn ? copyData(sql, tokens.lastIndex) : undefined;
      cut(found.index);
      const copy = pieces.at(-1);
      if (!copy || !data) continue;
      pieces[pieces.length - 1] = { ...copy, data };
      tokens.lastIndex = data.next;
    } else {
      statement ??= new Statement(found.index);
      statement.take(token.toLowerCase());
    }
  }
  cut();
  return pieces;
}

/** What is known of a statement from the tokens seen so far. */
class Statement {
  readonly offset: number;
  copiesIn = false;
  #selectsInto = false;
  #depth = 0;
  /** of BEGIN ATOMIC and CASE, which an END ends each */
  #blocks = 0;
  #first: string | undefined;
  #before = '';

  constructor(offset: number) {
    this.offset = offset;
  }

  get isOpen(): boolean {
    return this.#depth > 0 || this.#blocks > 0;
  }

  take(token: string): void {
    this.#first ??= token;
    const before = this.#before;
    this.#before = token;
    if (token === '(') this.#depth++;
    if (token === ')') this.#depth--;
    const top = this.#depth <= 0;
    if (this.#first === 'copy' && top && before === 'from' && /^std(?:in|out)$/.test(token))
      this.copiesIn = true;
    if (token === 'into' && this.#queries(top) && !/^(?:insert|merge)$/.test(before))
      this.#selectsInto = true;
    // such a word may also be a name: of a column, after AS
    if (before === '.' || before === 'as') return;
    if (token === 'atomic' && before === 'begin') this.#blocks++;
    if (token === 'case' && this.#blocks > 0) this.#blocks++;
    if (token === 'end' && this.#blocks > 0) this.#blocks--;
  }

  #queries(top: boolean): boolean {
    return this.#first === '(' || (top && (this.#first === 'select' || this.#first === 'with'));
  }

  piece(text: string): SqlPiece {
    return { offset: this.offset, text, ...(this.#selectsInto && { selectsInto: true }) };
  }
}

/** Begins on the line below. @returns undefined when more than the semicolon stands on the line of the COPY */
function copyData(sql: string, semicolonEnd: number) {
  const lineEnd = sql.indexOf('\n', semicolonEnd);
  if (sql.slice(semicolonEnd, lineEnd < 0 ? undefined : lineEnd).trim() !== '') return undefined;
  const offset = lineEnd < 0 ? sql.length : lineEnd + 1;
  const marks = /(?<=\n)\\\.\r?(?=\n|$)/g;
  marks.lastIndex = offset;
  const mark = marks.exec(sql);
  return { offset, text: sql.slice(offset, mark?.index), next: mark ? marks.lastIndex : sql.length };
}

/** Comments of this kind nest. @returns where it goes on behind it */
function endOfComment(sql: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  for (let open = 1; open > 0;) {
    const mark = marks.exec(sql);
    if (!mark) return sql.length;
    open += mark[0] === '/*' ? 1 : -1;
  }
  return marks.lastIndex;
}

/** Line and column of the place that PostgreSQL counts in characters from 1. */
export function placeOf(sql: string, position: number): { readonly line: number; readonly column: number } {
  const before = Array.from(sql).slice(0, position - 1);
  return {
    line: 1 + before.filter((character) => character === '\n').length,
    column: before.length - before.lastIndexOf('\n'),
  };
}
