/** How the bytes of a file are packed, as its Content-Encoding says (RFC 9110, 8.4). They are stored and served as they came. */

const TOKEN = String.raw`[\w!#$%&'*+.^\`|~-]{1,40}`;
const CODINGS = new RegExp(`^${TOKEN}(?:[\\t ]*,[\\t ]*${TOKEN}){0,3}$`);

/** One, or a few with a comma between each two. */
export const isContentCoding = (text: string): boolean => CODINGS.test(text);
