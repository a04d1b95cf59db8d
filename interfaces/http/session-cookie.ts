/**
 * The cookies of sessions in browsers, of owners and of operators. No script reads it, and no page of others has it sent. It is the platform
 * API's alone: the doors take it off whatever goes to a project, and let no project set it.
 */

export interface SessionCookie {
  readonly name: string;
  /** as long as a session lasts, however much it is used */
  readonly seconds: number;
}

const OWNERS: SessionCookie = { name: 'launchdb', seconds: 30 * 24 * 3600 };
export const OPERATORS: SessionCookie = { name: 'launchdb-operator', seconds: 12 * 3600 };
/** With it no browser takes a cookie but by TLS, and from nobody but this very host. */
const SECURE_PREFIX = '__Host-';
const TOKEN = /^[\w-]{43}$/;
const ALL_NAMES: ReadonlySet<string> = new Set(
  [OWNERS, OPERATORS].flatMap(({ name }) => [name, SECURE_PREFIX + name]),
);

const isSecure = (publicUrl: string): boolean => new URL(publicUrl).protocol === 'https:';
const nameAt = (publicUrl: string, { name }: SessionCookie): string =>
  isSecure(publicUrl) ? SECURE_PREFIX + name : name;
const nameOf = (pair: string): string => (pair.split('=', 1)[0] ?? '').trim();
const isOurs = (pair: string): boolean => ALL_NAMES.has(nameOf(pair));

/**
 * @param header all cookies of a request
 * @returns null: there is one that cannot be ours; or two, of which nobody knows which is. undefined: there is none
 */
export function sessionTokenIn(publicUrl: string, header = '', cookie = OWNERS): string | null | undefined {
  const name = nameAt(publicUrl, cookie);
  const [first, ...others] = header.split(';').filter((pair) => nameOf(pair) === name);
  if (first === undefined) return undefined;
  const token = first.trim().slice(name.length + 1);
  return others.length === 0 && TOKEN.test(token) ? token : null;
}

/** The header that has it kept. */
export const keepingSession = (publicUrl: string, token: string, cookie = OWNERS): string =>
  setCookie(publicUrl, cookie, token, cookie.seconds);

/** The header that has it forgotten. */
export const removingSession = (publicUrl: string, cookie = OWNERS): string =>
  setCookie(publicUrl, cookie, '', 0);

function setCookie(publicUrl: string, cookie: SessionCookie, value: string, seconds: number): string {
  const secure = isSecure(publicUrl) ? ['Secure'] : [];
  const attributes = ['Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict', ...secure];
  return [`${nameAt(publicUrl, cookie)}=${value}`, ...attributes].join('; ');
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
