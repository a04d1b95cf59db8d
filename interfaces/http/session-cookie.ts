/**
 * The cookie of an owner's session in a browser. No script reads it, and no page of others has it sent. It is the platform
 * API's alone: the doors take it off whatever goes to a project, and let no project set it.
 */

/** With the prefix, no browser takes it but by TLS, and from nobody but this very host. */
const SECURE_NAME = '__Host-launchdb';
const PLAIN_NAME = 'launchdb';
const TOKEN = /^[\w-]{43}$/;
/** As long as a session lasts, however much it is used. */
const MAX_AGE_SECONDS = 30 * 24 * 3600;

const isSecure = (publicUrl: string): boolean => new URL(publicUrl).protocol === 'https:';
const nameAt = (publicUrl: string): string => (isSecure(publicUrl) ? SECURE_NAME : PLAIN_NAME);
const nameOf = (pair: string): string => (pair.split('=', 1)[0] ?? '').trim();
const isOurs = (pair: string): boolean => [SECURE_NAME, PLAIN_NAME].includes(nameOf(pair));

/**
 * @param header all cookies of a request
 * @returns null: there is one that cannot be ours; or two, of which nobody knows which is. undefined: there is none
 */
export function sessionTokenIn(publicUrl: string, header = ''): string | null | undefined {
  const name = nameAt(publicUrl);
  const [first, ...others] = header.split(';').filter((pair) => nameOf(pair) === name);
  if (first === undefined) return undefined;
  const token = first.trim().slice(name.length + 1);
  return others.length === 0 && TOKEN.test(token) ? token : null;
}

/** The header that has it kept. */
export const keepingSession = (publicUrl: string, token: string): string =>
  setCookie(publicUrl, token, MAX_AGE_SECONDS);

/** The header that has it forgotten. */
export const removingSession = (publicUrl: string): string => setCookie(publicUrl, '', 0);

function setCookie(publicUrl: string, value: string, seconds: number): string {
  const secure = isSecure(publicUrl) ? ['Secure'] : [];
  const attributes = ['Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict', ...secure];
  return [`${nameAt(publicUrl)}=${value}`, ...attributes].join('; ');
}

/** A request's cookies without it; undefined: no other one is left. */
export function withoutSession(header: string): string | undefined {
  const pairs = header.split(';');
  const kept = pairs.filter((pair) => !isOurs(pair));
  if (kept.length === pairs.length) return header;
  return kept.join(';').trim() || undefined;
}

/** Whether this `Set-Cookie` would put another one in its place: also one without a name, whose value looks like it. */
export const setsSession = (header: string): boolean =>
  isOurs((header.split(';', 1)[0] ?? '').replace(/^[\s=]+/, ''));
