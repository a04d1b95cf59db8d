import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Endpoint, EndpointRequest } from './endpoint.ts';
import { invalidRequest, type Fault } from './problems.ts';
import { readBody } from './body.ts';
import { pointerPart, textFault } from './read-json.ts';

const MAX_FAULTS = 20;
const MAX_QUERY_PAIRS = 50;

type Parsed = Pick<EndpointRequest, 'params' | 'query' | 'headers' | 'body'>;

/**
 * Everything that the endpoint's schemas say about a request, or all its faults at once.
 * @param params decoded from the path
 * @param whenOver has something done when the request is over
 * @throws {RequestProblem} 400, 413, 415
 */
export async function parseRequest(
  endpoint: Endpoint,
  req: IncomingMessage,
  params: Readonly<Record<string, unknown>>,
  whenOver: (release: () => void) => void,
): Promise<Parsed> {
  const { body } = endpoint;
  const faults: Fault[] = [];
  const check = (schema: z.ZodType, value: unknown, part: keyof Parsed): unknown => {
    const result = schema.safeParse(value);
    if (result.error) faults.push(...faultsOf(result.error, part));
    return result.data;
  };
  const refuseFaults = () => {
    if (faults.length > 0) throw invalidRequest(faults.slice(0, MAX_FAULTS));
  };
  const parsed = {
    params: check(endpoint.params, params, 'params'),
    query: check(endpoint.query, parseQuery(req.url ?? ''), 'query'),
    headers: check(endpoint.headers, pick(req.headers, endpoint.headers), 'headers'),
  };
  // whose body is read while the handler is at work hears of the other faults before
  if (body.kind !== 'json') refuseFaults();
  const value = await readBody(body, req, whenOver);
  const checked = body.kind === 'json' ? check(body.schema, value, 'body') : value;
  refuseFaults();
  return { ...parsed, body: checked };
}

/** A key that is repeated gives an array, as `?type=a&type=b`. */
function parseQuery(url: string): Record<string, string | string[]> {
  const start = url.indexOf('?');
  const query = Object.create(null) as Record<string, string | string[]>;
  if (start < 0) return query;
  const pairs = url
    .slice(start + 1)
    .split('&')
    .filter(Boolean);
  if (pairs.length > MAX_QUERY_PAIRS) throw invalidRequest([{ pointer: '/query', detail: 'Too many keys.' }]);
  for (const pair of pairs) {
    const cut = pair.indexOf('=');
    const key = decode(cut < 0 ? pair : pair.slice(0, cut));
    const value = decode(cut < 0 ? '' : pair.slice(cut + 1));
    const before = query[key];
    query[key] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest([{ pointer: '/query', detail: 'The query has a wrong percent-encoding.' }]);
  }
  const fault = textFault(decoded, '/query');
  if (fault) throw invalidRequest([fault]);
  return decoded;
}

function pick(headers: IncomingHttpHeaders, schema: z.ZodObject): Record<string, unknown> {
  const named = Object.keys(schema.shape).filter((name) => headers[name] !== undefined);
  return Object.fromEntries(named.map((name) => [name, headers[name]]));
}

/** Says where and what, never the value itself: it may be a password. */
function faultsOf(error: z.ZodError, part: string): Fault[] {
  return error.issues.slice(0, MAX_FAULTS).map(({ path, message }) => ({
    pointer: ['', part, ...path.map((key) => pointerPart(String(key)))].join('/').slice(0, 200),
    detail: message.slice(0, 300),
  }));
}
