/** For how long others may keep a file, as it stands in its Cache-Control. */

const SECONDS = /^\d{1,10}$/;
const FIELD = /^[\t\x20-\x7e]{1,500}$/;

export const NOT_KEPT = 'no-cache';

/** Of a form's field, in which clients say seconds. */
export const cacheControlOfField = (given: string): string =>
  SECONDS.test(given.trim()) ? `max-age=${Number(given)}` : cacheControlOf(given);

/** Of a header, or of a row, which may be of anybody's hand. */
export const cacheControlOf = (given: string | undefined): string =>
  given !== undefined && FIELD.test(given.trim()) ? given.trim() : NOT_KEPT;
