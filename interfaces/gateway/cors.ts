/**
 * CORS of the projects' routes: any origin, because the key in the request decides and no cookie does (that of a sign-in by
 * others opens nothing by itself). The gateway answers preflights itself, so they cost no database and need no key.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What postgrest-js and auth-js send, and the tracing headers; others are allowed when a preflight asks for them. */
const ALWAYS_ALLOWED = [
  'authorization',
  'apikey',
  'content-type',
  'accept',
  'accept-profile',
  'content-profile',
  'prefer',
  'range',
  'range-unit',
  'x-client-info',
  'x-retry-count',
  'x-supabase-api-version',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
];

const MOST_ASKED = 64;
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]{1,64}$/;

/** What scripts may read of every service's answers, beside what is its own. */
const ALWAYS_EXPOSED = ['x-request-id', 'retry-after'];

/** Names and values in turn, for every answer to a browser. @param exposed in lower case */
export const corsHeaders = (exposed: readonly string[]): readonly string[] => [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  [...exposed, ...ALWAYS_EXPOSED].join(', '),
];

/** Of what is nobody's. */
export const CORS_HEADERS = corsHeaders([]);

export const isPreflight = (request: IncomingMessage): boolean =>
  request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;

export function answerPreflight(request: IncomingMessage, response: ServerResponse, requestId: string): void {
  response.writeHead(204, [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'Access-Control-Allow-Headers',
    allowedHeaders(request.headers['access-control-request-headers']),
    'Access-Control-Max-Age',
    '3600',
    'Vary',
    'Access-Control-Request-Headers',
    'X-Request-Id',
    requestId,
  ]);
  response.end();
}

/** The usual ones and the well-formed ones of those that were asked for. */
function allowedHeaders(asked: string | undefined): string {
  const names = (asked ?? '').split(',', MOST_ASKED).map((name) => name.trim().toLowerCase());
  return [...new Set([...ALWAYS_ALLOWED, ...names.filter((name) => FIELD_NAME.test(name))])].join(', ');
}
