/**
 * What the gateway says by itself, as problem+json (RFC 9457). The members `message`, `code`, `details` and
 * `hint` say it once more the way PostgREST does, because that is where supabase-js looks.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Dependency } from '../../application/errors.ts';
import type { TokenVerdict } from '../../application/ports/secrets.ts';
import { problemBody, type ErrorAnswer, type ErrorBody } from '../http/error-body.ts';
import { parserProblemCode } from '../http/parser-errors.ts';
import type { ProblemCode } from '../http/problem-table.ts';
import { IN_WORDS, problem, type Problem } from '../http/problems.ts';
import { CORS_HEADERS } from './cors.ts';
import { DEFAULT_LIMITS } from './limits.ts';

export type GatewayProblem = Problem;

const POSTGREST_SAYS = {
  expired: 'JWT expired',
  'not-yet': 'JWTNotYetValid',
  wrong: 'JWSError JWSInvalidSignature',
} as const;

/** supabase-js waits as long as this says and tries again, for 503 alone */
const SOON = { 'retry-after': '1' };

export const PROBLEMS = {
  malformed: (detail: string) => problem('request/invalid', detail),
  noApiKey: problem('gateway/no-api-key', 'No API key found in request', {
    headers: { 'www-authenticate': 'Bearer' },
    members: { hint: 'Send the project’s anon or service_role key in the `apikey` header.' },
  }),
  /** as PostgREST 12 says it, since a project that is awake lets it answer */
  invalidKey: (verdict: Exclude<TokenVerdict, 'good'>) => {
    const said = POSTGREST_SAYS[verdict];
    const challenge = `Bearer error="invalid_token", error_description="${said}"`;
    return problem('PGRST301', said, { headers: { 'www-authenticate': challenge } });
  },
  noRoute: problem('request/no-such-route', 'No route has this path. /docs describes the API.'),
  noProject: problem('project/not-found', 'There is no project with this id.'),
  methodNotAllowed: (allow: string) =>
    problem('request/method-not-allowed', `This route takes ${allow}.`, { headers: { allow } }),
  clientTooSlow: problem('request/timeout', 'The rest of the request body did not come in time.'),
  bodyTooLarge: (limitBytes: number) =>
    problem('request/too-large', `A request body may have ${limitBytes} bytes.`),
  headersTooLarge: problem(
    'request/headers-too-large',
    `The address and the headers of a request may have ${DEFAULT_LIMITS.headerBytes} bytes together.`,
    {
      members: {
        hint: 'Ask for a long list in parts, or send it in the body of a call of a function (POST /rpc/...).',
      },
    },
  ),
  unsupportedEncoding: problem(
    'request/unsupported-media-type',
    'A request body may have the Content-Encoding gzip, or none.',
    { headers: { 'accept-encoding': 'gzip, identity' } },
  ),
  badEncoding: problem('request/invalid', 'The body is not what its Content-Encoding says.'),
  notImplemented: (what: string) => problem('platform/not-implemented', `${what} not available yet.`),
  /** `wrote`: it may have been carried out all the same, so nobody should repeat it blindly */
  upstreamLost: (wrote: boolean, service: Dependency = 'rest_api') =>
    wrote
      ? problem(
          'gateway/outcome-unknown',
          `${IN_WORDS[service]} went away before it answered. Whether the request was carried out is not known.`,
        )
      : away('gateway/upstream-lost', service, 'went away before it answered.'),
  badAnswer: (service: Dependency) =>
    problem(
      'gateway/bad-answer',
      `${IN_WORDS[service]} gave an answer that is not valid HTTP or has too large headers.`,
    ),
  unreachable: (service: Dependency) => away('gateway/unreachable', service, 'cannot be reached right now.'),
  tooManyRequests: (most: number) =>
    soon(
      'request/too-many',
      `More than ${most} requests of this address are under way. Wait for some of them.`,
    ),
  tooManyBodies: soon(
    'request/too-many',
    'Too much of unfinished request bodies of this address waits here.',
  ),
  tooManyBodiesOfAll: soon('gateway/busy', 'Too much of unfinished request bodies waits here.'),
  busy: (service: Dependency) => away('gateway/busy', service, 'has too many requests that wait for it.'),
  failed: away('gateway/unreachable', 'gateway', 'could not serve this.'),
  projectStarting: soon('project/starting', 'The project is starting.'),
  projectSleeps: soon('project/not-woken', 'The project was asleep and could not be woken yet. Try again.', {
    hint: 'It is tried again by itself. To its owner, GET /api/projects/{id}/why says what is in the way.',
  }),
  wakeBusy: soon('gateway/busy', 'Too many requests wait for this project to wake.'),
  noFreeConnection: soon(
    'project/no-free-connection',
    'All connections of this project’s REST API are in use by requests that take long. Nothing was done.',
    { hint: 'Make those requests faster (an index, fewer rows), or send fewer of them at a time.' },
  ),
  projectPaused: problem(
    'project/paused',
    'The project is paused. It answers again when its owner has resumed it.',
  ),
  projectDown: problem(
    'project/out-of-service',
    'The project is not active and needs its owner’s attention.',
  ),
  tooSlow: (service: Dependency) =>
    problem('gateway/timeout', `${IN_WORDS[service]} did not answer in time.`),
} satisfies Record<string, Problem | ((...facts: never[]) => Problem)>;

function away(code: ProblemCode, service: Dependency, how: string): Problem {
  return problem(code, `${IN_WORDS[service]} ${how}`, { headers: SOON, members: { away: service } });
}

function soon(code: ProblemCode, detail: string, members: { readonly hint?: string } = {}): Problem {
  return problem(code, detail, { headers: SOON, members });
}

/** The shape that the clients of projects read. */
export const restError: ErrorBody = (told, { requestId }) => ({
  status: told.status,
  headers: { ...told.headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  body: JSON.stringify({
    ...problemBody(told, requestId),
    message: told.detail,
    code: told.code,
    details: null,
    hint: told.members?.['hint'] ?? null,
  }),
});

/** also of paths that are refused */
const STORAGE_PATH = /^\/project\/[^/]+\/storage\/v1\//;

/** As the client of that path reads it: that of the storage service takes `statusCode` for the status that counts. */
export const saidTo = (requestTarget: string, told: Problem): Problem =>
  STORAGE_PATH.test(requestTarget)
    ? { ...told, members: { ...told.members, statusCode: String(told.status), error: told.title } }
    : told;

/** Answers with a problem, on top of `headers` (names and values in turn). The headers must not be sent yet. */
export function writeProblem(
  response: ServerResponse,
  told: Problem,
  requestId: string,
  headers: readonly string[],
): void {
  const { status, headers: own, body } = restError(told, { requestId, headers: {} });
  response.writeHead(status, [
    ...Object.entries(own).flat(),
    'content-length',
    String(Buffer.byteLength(body)),
    ...headers,
  ]);
  response.end(body);
}

/** To what never became a request; whether a browser asks cannot be told. */
export function parserProblem(errorCode: string | undefined): ErrorAnswer {
  const requestId = randomUUID();
  const answer = restError(PARSER_PROBLEMS[parserProblemCode(errorCode)], { requestId, headers: {} });
  const headers: Record<string, string> = { ...answer.headers, 'x-request-id': requestId };
  for (let at = 0; at + 1 < CORS_HEADERS.length; at += 2) {
    headers[CORS_HEADERS[at] ?? ''] = CORS_HEADERS[at + 1] ?? '';
  }
  return { ...answer, headers };
}

const PARSER_PROBLEMS = {
  'request/headers-too-large': PROBLEMS.headersTooLarge,
  'request/timeout': PROBLEMS.clientTooSlow,
  'request/invalid': PROBLEMS.malformed('What came is not HTTP.'),
} as const;
