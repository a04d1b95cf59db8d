/** AWS Signature Version 4, as S3 has it: what a request shows of who signed it, and whether they did. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import { parameterOf, type S3Request } from './s3-request.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED = 'UNSIGNED-PAYLOAD';

const SKEW_MS = 15 * 60_000;
const MOST_SECONDS = 7 * 24 * 3600;

/** What is signed for: `20130524/us-east-1/s3/aws4_request`. Any region is good: there is no other place to take it to. */
interface Scope {
  readonly date: string;
  readonly region: string;
}

export interface Shown {
  /** `query`: whoever has the link may use it */
  readonly by: 'header' | 'query';
  readonly accessKey: string;
  readonly scope: Scope;
  /** as in the request: `20130524T000000Z` */
  readonly time: string;
  /** in lower case */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** SHA-256 of the body in hexadecimal digits, or a word for how else it is protected */
  readonly payload: string;
  readonly sessionToken: string | undefined;
}

export const scopeText = ({ date, region }: Scope): string => `${date}/${region}/s3/aws4_request`;

const TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const HEADER =
  /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})\s*$/;
const CREDENTIAL = /^([\w+=,.@-]{1,128})\/(\d{8})\/([\w-]{1,64})\/s3\/aws4_request$/;
/** what may be added to a request without a signature: it says nothing of what is to be done */
const FREE = new Set(['x-amz-content-sha256', 'x-amz-user-agent']);

/** @throws {S3Error} AccessDenied: nobody has signed it; or what is wrong with how they did, or when */
export function shownBy(request: S3Request, now: Date): Shown {
  const header = request.headers.get('authorization');
  const algorithm = parameterOf(request, 'X-Amz-Algorithm');
  if (header !== undefined && algorithm !== undefined)
    throw new S3Error('InvalidArgument', 'Sign in the header or in the query, not in both');
  if (header === undefined && algorithm === undefined)
    throw new S3Error('AccessDenied', 'Requests have to be signed');
  const shown = header === undefined ? inQuery(request, now) : inHeader(request, header, now);
  if (!shown.signedHeaders.includes('host')) throw new S3Error('AccessDenied', 'Host has to be signed');
  for (const name of request.headers.keys())
    if (name.startsWith('x-amz-') && !FREE.has(name) && !shown.signedHeaders.includes(name))
      throw new S3Error('AccessDenied', `${name.slice(0, 100)} is there, but was not signed`);
  return shown;
}

function inHeader(request: S3Request, header: string, now: Date): Shown {
  const { headers } = request;
  const [, credential = '', signedHeaders = '', signature = ''] = HEADER.exec(header) ?? [];
  if (signature === '')
    throw new S3Error('AuthorizationHeaderMalformed', `Only signatures by ${ALGORITHM} are good here`);
  const time = headers.get('x-amz-date') ?? basicTime(headers.get('date') ?? '');
  const payload = headers.get('x-amz-content-sha256');
  if (payload === undefined) throw new S3Error('InvalidRequest', 'x-amz-content-sha256 is missing');
  const sessionToken = headers.get('x-amz-security-token');
  const signed = credentialOf(credential, time, 'AuthorizationHeaderMalformed');
  if (Math.abs(now.getTime() - instantOf(time, 'AccessDenied')) > SKEW_MS)
    throw new S3Error('RequestTimeTooSkewed');
  return {
    by: 'header',
    ...signed,
    time,
    signedHeaders: signedHeaders.split(';'),
    signature,
    payload,
    sessionToken,
  };
}

function inQuery(request: S3Request, now: Date): Shown {
  const fault: S3ErrorCode = 'AuthorizationQueryParametersError';
  const needed = (name: string): string => {
    const value = parameterOf(request, name);
    if (value === undefined) throw new S3Error(fault, `${name} is missing`);
    return value;
  };
  if (needed('X-Amz-Algorithm') !== ALGORITHM)
    throw new S3Error(fault, `X-Amz-Algorithm has to be ${ALGORITHM}`);
  const time = needed('X-Amz-Date');
  const signed = credentialOf(needed('X-Amz-Credential'), time, fault);
  const seconds = needed('X-Amz-Expires');
  if (!/^\d{1,6}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > MOST_SECONDS)
    throw new S3Error(fault, `X-Amz-Expires has to be 1 to ${MOST_SECONDS} seconds`);
  const signature = needed('X-Amz-Signature');
  if (!/^[0-9a-f]{64}$/.test(signature)) throw new S3Error(fault, 'X-Amz-Signature is none');
  const from = instantOf(time, fault);
  if (now.getTime() < from - SKEW_MS) throw new S3Error('AccessDenied', 'The request is not valid yet');
  if (now.getTime() > from + Number(seconds) * 1000) throw new S3Error('AccessDenied', 'Request has expired');
  return {
    by: 'query',
    ...signed,
    time,
    signedHeaders: needed('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature,
    payload:
      parameterOf(request, 'X-Amz-Content-Sha256') ?? request.headers.get('x-amz-content-sha256') ?? UNSIGNED,
    sessionToken: parameterOf(request, 'X-Amz-Security-Token'),
  };
}

function credentialOf(text: string, time: string, fault: S3ErrorCode): Pick<Shown, 'accessKey' | 'scope'> {
  const [, accessKey, date, region] = CREDENTIAL.exec(text) ?? [];
  if (accessKey === undefined || date === undefined || region === undefined)
    throw new S3Error(fault, 'The credential has to be <access key>/<date>/<region>/s3/aws4_request');
  if (!time.startsWith(date))
    throw new S3Error(fault, 'The date of the credential is not that of the request');
  return { accessKey, scope: { date, region } };
}

/** Of a Date header; empty: it is none. */
function basicTime(date: string): string {
  const at = Date.parse(date);
  return Number.isNaN(at) ? '' : new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function instantOf(time: string, fault: S3ErrorCode): number {
  const [, ...parts] = TIME.exec(time) ?? [];
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = parts.map(Number);
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Number.isNaN(at)) throw new S3Error(fault, 'The time of the request is malformed');
  return at;
}

export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

export const hmac = (key: string | Buffer, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest();

export const signingKey = (secret: string, { date, region }: Scope): Buffer =>
  ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secret}`, date), region));

/** Where a request says that it goes. Proxies in front may have said it in other words than its client. */
export interface Addressed {
  readonly host: string;
  /** decoded once */
  readonly path: string;
}

/** @param place instead of what is in the request */
function canonicalRequest(request: S3Request, shown: Shown, { host, path }: Addressed): string {
  const { method, headers } = request;
  const query = request.query
    .filter(([name]) => shown.by === 'header' || name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  const valueOf = (name: string) => (name === 'host' ? host : (headers.get(name) ?? ''));
  return [
    method,
    path.split('/').map(encoded).join('/'),
    query.map((pair) => pair.join('=')).join('&'),
    ...shown.signedHeaders.map((name) => `${name}:${valueOf(name).trim().replaceAll(/\s+/g, ' ')}`),
    '',
    shown.signedHeaders.join(';'),
    shown.payload,
  ].join('\n');
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Everything but unreserved characters (RFC 3986, 2.3). */
export const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** @param places any of these may have been signed for @returns the key for what follows in the body; undefined: nobody of these secrets signed it */
export function signedBy(
  request: S3Request,
  shown: Shown,
  secrets: readonly string[],
  places: readonly Addressed[],
): Buffer | undefined {
  const texts = places.map((place) => {
    // header values are bytes
    const canonical = Buffer.from(canonicalRequest(request, shown, place), 'latin1');
    return [ALGORITHM, shown.time, scopeText(shown.scope), sha256(canonical)].join('\n');
  });
  return secrets
    .map((secret) => signingKey(secret, shown.scope))
    .find((key) => texts.some((text) => isSame(hmac(key, text).toString('hex'), shown.signature)));
}

/** In constant time; of what has another length there is nothing to be learnt. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
