/** The headers that go through the gateway. Lists hold names and values in turn, as they came. */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { setsSession, withoutSession } from '../http/session-cookie.ts';

export type HeaderList = readonly string[];

/** RFC 9110 7.6.1, and the old names that mean the same */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The gateway says these itself; what a client claims about them is not passed on. */
const OURS = new Set([
  'host',
  'content-length',
  'expect',
  'x-request-id',
  'forwarded',
  'x-real-ip',
  'x-internal-api-key',
]);

const TRACE: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);
const NONE: ReadonlySet<string> = new Set();

/** The list without what concerns one connection only, and without what `isUnwanted` names (lower case). */
function endToEnd(list: HeaderList, isUnwanted: (name: string) => boolean): string[] {
  const named = namedByConnection(list);
  return without(list, (name) => HOP_BY_HOP.has(name) || named.has(name) || isUnwanted(name));
}

function namedByConnection(list: HeaderList): ReadonlySet<string> {
  let all = NONE;
  for (let at = 0; at + 1 < list.length; at += 2) {
    if (!isNamed(list[at] ?? '', 'connection')) continue;
    const value = list[at + 1] ?? '';
    // what nearly all of them say concerns no other header
    if (value === 'keep-alive' || value === 'close') continue;
    all = new Set([...all, ...value.split(',').map((name) => name.trim().toLowerCase())]);
  }
  return all;
}

/**
 * The client's headers with those of the gateway in place of what the client claimed.
 * @param client whose request it is, and the proof that we say so; undefined: not known
 * @param trace of our own span, in place of the client's; empty: the client's go on as they came
 */
export function requestHeaders(
  request: IncomingMessage,
  requestId: string,
  endpoint: Endpoint,
  client: { readonly address: string; readonly proof: string | undefined } | undefined,
  trace: Readonly<Record<string, string>> = {},
): HeaderList {
  const host = request.headers.host;
  const ofTrace = 'traceparent' in trace ? TRACE : NONE;
  const list = endToEnd(
    request.rawHeaders,
    (name) => OURS.has(name) || ofTrace.has(name) || name.startsWith('x-forwarded-'),
  );
  for (const [name, value] of Object.entries(trace)) list.push(name, value);
  list.push('Host', host ?? `${endpoint.host}:${endpoint.port}`);
  list.push('X-Request-Id', requestId, 'X-Forwarded-Proto', 'http');
  if (host !== undefined) list.push('X-Forwarded-Host', host);
  if (client) list.push('X-Forwarded-For', client.address);
  if (client?.proof !== undefined) list.push('X-Forwarded-Proof', client.proof);
  list.push(...framing(request));
  return list;
}

/** What a project is sent: the platform's own cookie is nothing for it to see. */
export const withoutPlatformCookie = (list: HeaderList): HeaderList =>
  rewritten(list, 'cookie', withoutSession);

/**
 * An upstream's headers as the client gets them.
 * @param cors none: it is the platform's own; the platform's cookie is nothing for a project to set
 */
export function answerHeaders(list: HeaderList, requestId: string, cors: HeaderList): string[] {
  const ofProject = cors.length > 0;
  const told = ofProject
    ? rewritten(list, 'set-cookie', (value) => (setsSession(value) ? undefined : value))
    : list;
  const isOurs = (name: string) =>
    name === 'x-request-id' || (ofProject && name.startsWith('access-control-'));
  return [...endToEnd(told, isOurs), 'X-Request-Id', requestId, ...cors];
}

const BEARER = /^bearer\s+(\S+)$/i;

/**
 * The apikey in the place of an Authorization that holds no token: with one of another kind PostgREST would take
 * anybody for anon. @returns undefined when there is neither
 */
export function withAuthorization(list: HeaderList): HeaderList | undefined {
  if (BEARER.test(valueOf(list, 'authorization') ?? '')) return list;
  const key = valueOf(list, 'apikey');
  if (!key) return undefined;
  return [...without(list, (name) => name === 'authorization'), 'Authorization', `Bearer ${key}`];
}

/** The token of a list {@link withAuthorization}. */
export const tokenOf = (list: HeaderList): string =>
  BEARER.exec(valueOf(list, 'authorization') ?? '')?.[1] ?? '';

/** Whether anything but the end of the headers follows. */
export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/** How the body is delimited, as our parser read it: the upstream must not read it in another way. */
function framing(request: IncomingMessage): string[] {
  // in chunks, which the connection says itself
  if (request.headers['transfer-encoding'] !== undefined) return [];
  const length = request.headers['content-length'];
  if (length !== undefined) return ['Content-Length', length];
  return request.method === 'GET' || request.method === 'HEAD' ? [] : ['Content-Length', '0'];
}

/** The list with another value of those of this name (lower case), or without them where there is none. */
function rewritten(
  list: HeaderList,
  wanted: string,
  valueOfEach: (value: string) => string | undefined,
): HeaderList {
  if (valueOf(list, wanted) === undefined) return list;
  const kept: string[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [name = '', value = ''] = list.slice(at, at + 2);
    const told = isNamed(name, wanted) ? valueOfEach(value) : value;
    if (told !== undefined) kept.push(name, told);
  }
  return kept;
}

function without(list: HeaderList, isUnwanted: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? '';
    if (!isUnwanted(name.toLowerCase())) kept.push(name, list[at + 1] ?? '');
  }
  return kept;
}

/** Of the first one of that name (lower case). */
export function valueOf(list: HeaderList, wanted: string): string | undefined {
  for (let at = 0; at + 1 < list.length; at += 2) {
    if (isNamed(list[at] ?? '', wanted)) return list[at + 1]?.trim();
  }
  return undefined;
}

/** By its length first: this is asked of every header of every request. */
export const isNamed = (name: string, wanted: string): boolean =>
  name.length === wanted.length && name.toLowerCase() === wanted;
