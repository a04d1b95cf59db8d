/**
 * What binds a sign-in by others to the browser that began it: a cookie, which only the project's auth service is sent, and no
 * script reads. Lax: it comes along when a provider sends people back, and with nothing that a page of others posts.
 */
import { PROVIDER_FLOW_MS } from '../../application/auth/begin-provider-flow.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';

type Place = Pick<AuthProject, 'url'>;

const KEY = /^[\w-]{43}$/;

/** Where it is not the project's own address that was asked, the cookie would not be sent to where providers send people back. */
export const isElsewhere = ({ url }: Place, host: string | undefined): boolean =>
  host !== undefined && host.toLowerCase() !== new URL(url).host;

/** @param cookies the header @returns undefined: it keeps none */
export function keyIn(place: Place, cookies = ''): string | undefined {
  const prefix = `${nameAt(place)}=`;
  const pairs = cookies.split(';').map((pair) => pair.trim());
  const key = pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
  return key !== undefined && KEY.test(key) ? key : undefined;
}

/** The header that has it kept for as long as what it is for. */
export function keeping(place: Place, key: string): string {
  const { pathname } = new URL(place.url);
  const attributes = [`Path=${pathname}`, `Max-Age=${PROVIDER_FLOW_MS / 1000}`, 'HttpOnly', 'SameSite=Lax'];
  return [`${nameAt(place)}=${key}`, ...attributes, ...(isSecure(place) ? ['Secure'] : [])].join('; ');
}

const isSecure = ({ url }: Place): boolean => url.startsWith('https:');
/** With the prefix no browser takes it from anywhere but TLS. */
const nameAt = (place: Place): string => `${isSecure(place) ? '__Secure-' : ''}launchdb-sign-in`;
