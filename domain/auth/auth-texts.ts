/** Addresses and names that an owner may set. */

/** What runs, reads files, or stands for a page of its own instead of leading somewhere. */
const NEVER_A_PLACE: ReadonlySet<string> = new Set([
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'ftp',
  'ws',
  'wss',
  'view-source',
  'mailto',
]);
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const HOST_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** One line of whole characters. */
export const isPlain = (text: string): boolean => !CONTROL.test(text) && text.isWellFormed();

/** Of a URL: nothing that a parser would take away or read otherwise, and nothing that has no place in one. */
const isWritten = (text: string): boolean => isPlain(text) && !/[\s\\"<>^`{|}]/.test(text);

const parsed = (text: string): URL | null => (isWritten(text) ? URL.parse(text) : null);

const isWeb = ({ protocol, username, password }: URL): boolean =>
  ['http:', 'https:'].includes(protocol) && username === '' && password === '';

export function isSiteUrl(text: string): boolean {
  const url = parsed(text);
  if (!url) return false;
  return isWeb(url) ? /^https?:\/\//i.test(text) : isSchemeOfAnApp(text);
}

/** @param text with `*` and `**` anywhere but in the scheme */
export function isRedirect(text: string): boolean {
  if (!isWritten(text)) return false;
  return /^https?:/i.test(text) ? /^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text) : isSchemeOfAnApp(text);
}

function isSchemeOfAnApp(text: string): boolean {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  return scheme !== undefined && !['http', 'https'].includes(scheme) && !NEVER_A_PLACE.has(scheme);
}

/** https, or on this very machine http. */
function isCalled(text: string): boolean {
  const url = parsed(text);
  return url !== null && isWeb(url) && (url.protocol === 'https:' || LOOPBACK.test(url.hostname));
}

export const isHook = (text: string): boolean => isCalled(text) && !text.includes('#');
export const isIssuer = (text: string): boolean => isCalled(text) && !/[?#]/.test(text);

/** Or an IP address; in lower case. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  (text.split('.').every((label) => HOST_LABEL.test(label)) ||
    (text.includes(':') && URL.canParse(`http://[${text}]`)));

export function isOrigin(text: string, rpId: string | null): boolean {
  if (/^android:apk-key-hash:[\w-]{43}$/.test(text)) return true;
  const url = parsed(text);
  if (!url || !isCalled(text) || url.origin !== text) return false;
  return rpId === null || url.hostname === rpId || url.hostname.endsWith(`.${rpId}`);
}

/** As far as a sender's has to be judged: one `@`, nothing that ends a header. */
export const isAddress = (text: string): boolean =>
  text.length <= 254 && /^[^\s@<>",;:\\()[\]]{1,64}@[^\s@<>",;:\\()[\]]+$/.test(text) && isPlain(text);
