/**
 * What the gateway says by itself, as problem+json (RFC 9457). The members `message`, `code`, `details` and
 * `hint` say it once more the way PostgREST does, because that is where supabase-js looks.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TokenVerdict } from '../../application/ports/secrets.ts';
import type { ParserErrorAnswer } from '../http/parser-errors.ts';
import { CORS_HEADERS } from './cors.ts';
import { DEFAULT_LIMITS } from './limits.ts';

export interface GatewayProblem {
  readonly status: number;
  /** `subject/reason` */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint?: string;
  /** header names and values in turn */
  readonly headers?: readonly string[];
}

const POSTGREST_SAYS = {
  expired: 'JWT expired',
  'not-yet': 'JWTNotYetValid',
  wrong: 'JWSError JWSInvalidSignature',
} as const;

/** supabase-js waits as long as this says and tries again, for 503 alone */
const SOON = ['Retry-After', '1'] as const;

export const PROBLEMS = {
  malformed: (detail: string): GatewayProblem => ({
    status: 400,
    code: 'gateway/malformed-request',
    title: 'The request is malformed',
    detail,
  }),
  noApiKey: {
    status: 401,
    code: 'gateway/no-api-key',
    title: 'No API key',
    detail: 'No API key found in request',
    hint: 'Send the project’s anon or service_role key in the `apikey` header.',
    headers: ['WWW-Authenticate', 'Bearer'],
  },
  /** as PostgREST 12 says it, since a project that is awake lets it answer */
  invalidKey: (verdict: Exclude<TokenVerdict, 'good'>): GatewayProblem => ({
    status: 401,
    code: 'PGRST301',
    title: 'Invalid API key',
    detail: POSTGREST_SAYS[verdict],
    headers: [
      'WWW-Authenticate',
      `Bearer error="invalid_token", error_description="${POSTGREST_SAYS[verdict]}"`,
    ],
  }),
  noRoute: {
    status: 404,
    code: 'gateway/not-found',
    title: 'Nothing is here',
    detail: 'No route has this path. /docs describes the API.',
  },
  noProject: {
    status: 404,
    code: 'project/not-found',
    title: 'No such project',
    detail: 'There is no project with this id.',
  },
  methodNotAllowed: (allow: string): GatewayProblem => ({
    status: 405,
    code: 'gateway/method-not-allowed',
    title: 'Method not allowed',
    detail: `This route takes ${allow}.`,
    headers: ['Allow', allow],
  }),
  clientTooSlow: {
    status: 408,
    code: 'gateway/request-timeout',
    title: 'The request took too long',
    detail: 'The rest of the request body did not come in time.',
  },
  bodyTooLarge: (limitBytes: number): GatewayProblem => ({
    status: 413,
    code: 'gateway/body-too-large',
    title: 'The body is too large',
    detail: `A request body may have ${limitBytes} bytes.`,
  }),
  headersTooLarge: {
    status: 431,
    code: 'gateway/headers-too-large',
    title: 'The request line and the headers are too large',
    detail: `The address and the headers of a request may have ${DEFAULT_LIMITS.headerBytes} bytes together.`,
    hint: 'Ask for a long list in parts, or send it in the body of a call of a function (POST /rpc/...).',
  },
  unsupportedEncoding: {
    status: 415,
    code: 'gateway/unsupported-encoding',
    title: 'The body has an encoding that is not understood',
    detail: 'A request body may have the Content-Encoding gzip, or none.',
    headers: ['Accept-Encoding', 'gzip, identity'],
  },
  badEncoding: {
    status: 400,
    code: 'gateway/malformed-request',
    title: 'The request is malformed',
    detail: 'The body is not what its Content-Encoding says.',
  },
  notImplemented: (what: string): GatewayProblem => ({
    status: 501,
    code: 'gateway/not-implemented',
    title: 'Not available yet',
    detail: `${what} not available yet.`,
  }),
  /** `wrote`: it may have been carried out all the same, so nobody should repeat it blindly */
  upstreamLost: (wrote: boolean): GatewayProblem =>
    wrote
      ? {
          status: 502,
          code: 'gateway/outcome-unknown',
          title: 'The connection to the service was lost',
          detail:
            'The service went away before it answered. Whether the request was carried out is not known.',
        }
      : unavailable('gateway/upstream-lost', 'The service went away before it answered.'),
  badAnswer: {
    status: 502,
    code: 'gateway/bad-answer',
    title: 'The service’s answer could not be read',
    detail: 'The service behind this route gave an answer that is not valid HTTP or has too large headers.',
  },
  unreachable: unavailable(
    'gateway/unreachable',
    'The service behind this route cannot be reached right now.',
  ),
  tooManyRequests: (most: number): GatewayProblem =>
    tooMany(`More than ${most} requests of this address are under way. Wait for some of them.`),
  tooManyBodies: tooMany('Too much of unfinished request bodies of this address waits here.'),
  busy: unavailable('gateway/busy', 'Too many requests wait for this service.'),
  projectStarting: unavailable('project/starting', 'The project is starting.'),
  projectSleeps: {
    ...unavailable('project/not-woken', 'The project was asleep and could not be woken yet. Try again.'),
    hint: 'It is tried again by itself. To its owner, GET /api/projects/{id}/why says what is in the way.',
  },
  wakeBusy: unavailable('gateway/busy', 'Too many requests wait for this project to wake.'),
  noFreeConnection: {
    ...unavailable(
      'project/no-free-connection',
      'All connections of this project’s REST API are in use by requests that take long. Nothing was done.',
    ),
    hint: 'Make those requests faster (an index, fewer rows), or send fewer of them at a time.',
  },
  projectPaused: {
    status: 503,
    code: 'project/paused',
    title: 'The project is paused',
    detail: 'The project is paused. It answers again when its owner has resumed it.',
  },
  projectDown: {
    status: 503,
    code: 'project/not-active',
    title: 'The project is not active',
    detail: 'The project is not active and needs its owner’s attention.',
  },
  tooSlow: {
    status: 504,
    code: 'gateway/timeout',
    title: 'The service took too long',
    detail: 'The service behind this route did not answer in time.',
  },
} satisfies Record<string, GatewayProblem | ((...facts: never[]) => GatewayProblem)>;

function unavailable(code: string, detail: string): GatewayProblem {
  return { status: 503, code, title: 'Not available right now', detail, headers: SOON };
}

function tooMany(detail: string): GatewayProblem {
  return { status: 429, code: 'gateway/too-many', title: 'Too many at once', detail, headers: SOON };
}

/** The body of the answer. */
export function problemText(problem: GatewayProblem, requestId: string): string {
  const { status, code, title, detail, hint } = problem;
  return JSON.stringify({
    type: code,
    title,
    status,
    detail,
    instance: requestId,
    message: detail,
    code,
    details: null,
    hint: hint ?? null,
  });
}

/** Answers with a problem, on top of `headers` (names and values in turn). The headers must not be sent yet. */
export function writeProblem(
  response: ServerResponse,
  problem: GatewayProblem,
  requestId: string,
  headers: readonly string[],
): void {
  const body = Buffer.from(problemText(problem, requestId));
  response.writeHead(problem.status, [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    ...(problem.headers ?? []),
    ...headers,
  ]);
  response.end(body);
}

/** To what never became a request; whether a browser asks cannot be told. */
export function parserProblem(errorCode: string | undefined): ParserErrorAnswer {
  const problem: GatewayProblem =
    errorCode === 'HPE_HEADER_OVERFLOW'
      ? PROBLEMS.headersTooLarge
      : errorCode === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? PROBLEMS.clientTooSlow
        : PROBLEMS.malformed('What came is not HTTP.');
  const requestId = randomUUID();
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
  };
  for (let at = 0; at + 1 < CORS_HEADERS.length; at += 2) {
    headers[CORS_HEADERS[at] ?? ''] = CORS_HEADERS[at + 1] ?? '';
  }
  return { status: problem.status, headers, body: problemText(problem, requestId) };
}
