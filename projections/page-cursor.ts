/** Where a page of a list ends: opaque to clients, base64url of a few texts. */

const MAX_LENGTH = 300;

export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {InvalidCursor} when the text is not a cursor whose parts look like `shape` */
export function decodeCursor<Shape extends readonly RegExp[]>(
  cursor: string,
  shape: readonly [...Shape],
): { readonly [Part in keyof Shape]: string } {
  const parts = cursor.length <= MAX_LENGTH ? parse(cursor) : undefined;
  const fits =
    Array.isArray(parts) &&
    parts.length === shape.length &&
    shape.every((pattern, index) => typeof parts[index] === 'string' && pattern.test(parts[index]));
  if (!fits) throw new InvalidCursor();
  return parts as unknown as { readonly [Part in keyof Shape]: string };
}

/** Not a cursor that a list has given out. HTTP 400. */
export class InvalidCursor extends Error {
  constructor() {
    super('not a cursor of this list');
    this.name = 'InvalidCursor';
  }
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** A page size between 1 and `most`, whatever was asked for. */
export const boundedLimit = (limit: number, most: number): number =>
  Math.min(Math.max(Math.trunc(limit) || 1, 1), most);
