/** Media types of files (RFC 9110, 8.3): parameters belong to one, and are nothing that tells two apart. */

const TOKEN = String.raw`[\w!#$%&'*+.^\`|~-]{1,127}`;
const TYPE = new RegExp(`^(${TOKEN}/${TOKEN})[\\t ]*(?:;[\\t\\x20-\\x7e]*)?$`);
const RANGE = new RegExp(`^(?:\\*/\\*|${TOKEN}/\\*|${TOKEN}/${TOKEN})$`);
const MOST_CHARACTERS = 255;

export const ANY_BYTES = 'application/octet-stream';

/** Type and subtype, in lower case; undefined: it is no media type. */
export const essenceOf = (mediaType: string): string | undefined =>
  mediaType.length <= MOST_CHARACTERS ? TYPE.exec(mediaType.trim())?.[1]?.toLowerCase() : undefined;

/** What a bucket may allow: `image/png`, `image/*`. */
export const isMediaRange = (text: string): boolean => text.length <= MOST_CHARACTERS && RANGE.test(text);

/** @param allowed null: any */
export function isAllowedType(mediaType: string, allowed: readonly string[] | null): boolean {
  if (allowed === null || allowed.length === 0) return true;
  const essence = essenceOf(mediaType);
  return essence !== undefined && allowed.some((range) => covers(range, essence));
}

function covers(range: string, essence: string): boolean {
  const wanted = essenceOf(range);
  if (wanted === undefined) return false;
  return (
    wanted === '*/*' ||
    wanted === essence ||
    (wanted.endsWith('/*') && essence.startsWith(wanted.slice(0, -1)))
  );
}

/** Those that a browser would run scripts of are shown as the text that they are. */
const PAGES: ReadonlySet<string | undefined> = new Set(['text/html', 'application/xhtml+xml']);

/** As it is served. What is stored may be of anybody's hand; what is no media type is any bytes. */
export function servedType(mediaType: string): string {
  const essence = essenceOf(mediaType);
  if (essence === undefined) return ANY_BYTES;
  return PAGES.has(essence) ? `text/plain${mediaType.trim().slice(essence.length)}` : mediaType.trim();
}
