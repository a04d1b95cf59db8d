/** What a file is saved as (RFC 6266, and RFC 8187 for what is not ASCII). */

const TOKEN = /^[\w!#$&+.^`|~-]+$/;
const MOST_CHARACTERS = 255;

/** @param name empty: what the address ends with */
export function attachment(name: string): string {
  const given = name.slice(0, MOST_CHARACTERS);
  if (given === '') return 'attachment;';
  const extended = `filename*=UTF-8''${extendedValue(given)}`;
  return TOKEN.test(given)
    ? `attachment; filename=${given}; ${extended}`
    : `attachment; filename="${fallback(given)}"; ${extended}`;
}

/** also what encodeURIComponent leaves and the grammar does not take */
const extendedValue = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** For those who know no better: in ASCII, without what would end the quotes, or be taken for a percent-encoding. */
const fallback = (text: string): string => text.replaceAll(/[^\x20-\x7e]/gu, '_').replaceAll(/["\\%/]/g, '_');
