/** A request as it was signed: nothing of it is lost or put in another order on the way. */
import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

export interface S3Request {
  readonly method: string;
  /** decoded once, with its slashes */
  readonly path: string;
  /** decoded, in the order in which they came */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** by names in lower case; of several with one name the values with commas in between; bytes as latin1 */
  readonly headers: ReadonlyMap<string, string>;
}

const MOST_PARAMETERS = 100;

/** @param url with the query, as it came @throws {S3Error} InvalidURI */
export function s3Request(
  { method = 'GET', rawHeaders }: Pick<IncomingMessage, 'method' | 'rawHeaders'>,
  url: string,
): S3Request {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const pairs = mark < 0 ? [] : url.slice(mark + 1).split('&', MOST_PARAMETERS + 1);
  if (pairs.length > MOST_PARAMETERS) throw new S3Error('InvalidURI', 'The query has too many parameters');
  return {
    method,
    path: decoded(path),
    query: pairs.filter(Boolean).map((pair) => {
      const cut = pair.indexOf('=');
      const [name, value] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
      return [decoded(name.replaceAll('+', ' ')), decoded(value.replaceAll('+', ' '))] as const;
    }),
    headers: headersOf(rawHeaders),
  };
}

/** @throws {S3Error} InvalidURI: also where it holds what no text of PostgreSQL's does */
export function decoded(text: string): string {
  try {
    const told = decodeURIComponent(text);
    if (!told.includes('\0')) return told;
  } catch {
    // it is no encoding
  }
  throw new S3Error('InvalidURI');
}

function headersOf(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const value = (rawHeaders[at + 1] ?? '').trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** The value of a parameter that may come once. @throws {S3Error} InvalidArgument: it comes several times */
export function parameterOf({ query }: Pick<S3Request, 'query'>, wanted: string): string | undefined {
  const found = query.filter(([name]) => name === wanted);
  if (found.length > 1) throw new S3Error('InvalidArgument', `${wanted} may come once`);
  return found[0]?.[1];
}

/** The bytes of a header that are UTF-8, as text. */
export function textOf(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}
