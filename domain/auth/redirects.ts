/**
 * Where people may be sent back to. An address is parsed, never joined as text, and what is sent is what the parser made of
 * it: a browser then reads the same host as we did.
 */
import { globAllows } from './redirect-glob.ts';

export interface RedirectRules {
  readonly siteUrl: string;
  /** globs */
  readonly allowed: readonly string[];
}

const MAX_LENGTH = 2_048;
/** run or shown by a browser as a page of whoever opened them */
const NEVER = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
  'filesystem:',
  'view-source:',
]);
/** what parsers of other programs read otherwise, or leave out */
const ODD = /[\\\p{C}\p{Z}]/u;

/** The address that is asked for, when these rules allow it. */
export function allowedRedirect(text: string, { siteUrl, allowed }: RedirectRules): string | undefined {
  const url = parsed(text);
  if (!url) return undefined;
  const site = parsed(siteUrl);
  const isAllowed =
    (site && isSameSite(url, site)) ||
    isLoopbackAddress(url) ||
    allowed.some((pattern) => globAllows(pattern, url));
  return isAllowed ? url.href : undefined;
}

/** The first of these that is allowed: what was asked for, the page that asked; the site itself otherwise. */
export function redirectFor(
  asked: string | undefined,
  referer: string | undefined,
  rules: RedirectRules,
): string {
  const candidates = [asked, referer].flatMap((text) => (text === undefined || text === '' ? [] : [text]));
  for (const text of candidates) {
    const address = allowedRedirect(text, rules);
    if (address !== undefined) return address;
  }
  return rules.siteUrl;
}

/** Into the query; fields of these names that are there go, the rest of it stays as it is. The fragment goes. */
export function withQuery(address: string, fields: Readonly<Record<string, string>>): string {
  const url = new URL(address);
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !Object.hasOwn(fields, nameIn(pair)));
  url.search = '?' + [...kept, new URLSearchParams(fields).toString()].join('&');
  url.hash = '';
  return url.href;
}

/** In place of the fragment, where no server reads them. */
export function withFragment(address: string, fields: Readonly<Record<string, string>>): string {
  const url = new URL(address);
  url.hash = new URLSearchParams(fields).toString();
  return url.href;
}

const nameIn = (pair: string): string => [...new URLSearchParams(`&${pair}`).keys()][0] ?? '';

function parsed(text: string): URL | undefined {
  if (text.length > MAX_LENGTH || ODD.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || NEVER.has(url.protocol)) return undefined;
  // "https:example.com" and "https:/example.com" are the same to a browser, and not to much else
  if (isWeb(url) && !/^https?:\/\/[^/]/i.test(text)) return undefined;
  return url;
}

const isWeb = ({ protocol }: URL): boolean => protocol === 'https:' || protocol === 'http:';

function isSameSite(url: URL, site: URL): boolean {
  if (!isWeb(url) || url.protocol !== site.protocol || url.hostname !== site.hostname) return false;
  return url.port === site.port || url.hostname === 'localhost' || isLoopbackAddress(url);
}

const isLoopbackAddress = (url: URL): boolean =>
  isWeb(url) && (/^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === '[::1]');
