/**
 * A statement without its values: what may be kept of SQL that somebody ran. Literals, numbers, parameters and
 * comments go; what stays tells statements of the same shape from others, and holds nothing that was typed in
 * as data. Not a parser: for text that is not SQL it only has to lose more, never to keep more.
 */
const PIECES =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$([A-Za-z_]\w*|)\$[\s\S]*?(?:\$\1\$|$)|[eEbBxXnN]?'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|[uU]&'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+|\d[\w.]*|\s+|[^\s]/g;

export function statementShape(sql: string): string {
  let shape = '';
  for (const [piece, tag] of sql.matchAll(PIECES)) {
    if (piece.startsWith('--') || piece.startsWith('/*') || /^\s/.test(piece)) shape += ' ';
    else if (tag !== undefined || /^(?:[eEbBxXnN]|[uU]&)?'/.test(piece) || /^\$?\d/.test(piece)) shape += '?';
    else shape += piece;
  }
  return shape.replaceAll(/\s+/g, ' ').trim().toLowerCase();
}

/** The first words, as a person would name it: `create table`, `select`. */
export const statementName = (shape: string): string =>
  /^(?:(?:create|alter|drop|grant|revoke|comment|refresh|begin|start)\s+)?[a-z]+/
    .exec(shape)?.[0]
    .slice(0, 40) ?? 'unknown';
