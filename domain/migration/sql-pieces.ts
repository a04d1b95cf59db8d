/** A statement of a file and where it stands. */
export interface SqlPiece {
  /** of its first character that is neither space nor comment, in UTF-16 units from 0 */
  readonly offset: number;
  readonly text: string;
}

/** In this order: comments, quotes of each kind, words and numbers, one other character. */
const TOKENS =
  /--[^\n]*|\/\*|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|)\$[\s\S]*?(?:\$\1\$|$)|[eE]'(?:[^'\\]+|''|\\[\s\S])*(?:'|$)|'(?:[^']+|'')*(?:'|$)|"(?:[^"]+|"")*(?:"|$)|[\w\u0080-\uffff][\w$\u0080-\uffff]*|\s+|[\s\S]/g;

/**
 * Cuts SQL at its semicolons, so that an error can be told by its line. Each piece is run as it is, and a piece may
 * hold several statements: where it is not certain that a semicolon ends one, nothing is cut any more.
 */
export function sqlPieces(sql: string): readonly SqlPiece[] {
  const pieces: SqlPiece[] = [];
  const tokens = new RegExp(TOKENS);
  let start: number | undefined;
  let depth = 0;
  let word = '';
  for (let found = tokens.exec(sql); found; found = tokens.exec(sql)) {
    const [token] = found;
    if (token === '/*') tokens.lastIndex = endOfComment(sql, tokens.lastIndex);
    if (/^(?:\s|--|\/\*)/.test(token)) continue;
    if (token === ';' && depth <= 0) {
      if (start !== undefined) pieces.push({ offset: start, text: sql.slice(start, found.index) });
      [start, depth, word] = [undefined, 0, ''];
      continue;
    }
    start ??= found.index;
    if (token === '(') depth++;
    if (token === ')') depth--;
    const before = word;
    word = token.toLowerCase();
    // the body of a function in standard SQL: its end is not told from that of a CASE without a parser
    if (before === 'begin' && word === 'atomic') break;
  }
  if (start !== undefined) pieces.push({ offset: start, text: sql.slice(start) });
  return pieces;
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
