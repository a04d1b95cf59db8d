/** The one place where an error becomes an answer: RFC 9457 problem+json. */
import type { ServerResponse } from 'node:http';
import { TooManySessions, Unavailable } from '../../application/errors.ts';
import { MigrationRefused } from '../../application/migration/migrate-project.ts';
import { Conflict, OutcomeUnknown, UnknownEventVersion } from '../../application/ports/event-store.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import { RateLimited } from '../../application/ports/rate-limits.ts';
import { Rejection } from '../../domain/rejection.ts';
import { ProjectionBehind } from '../../projections/checkpoint-watch.ts';
import { InvalidCursor } from '../../projections/page-cursor.ts';
import { PROBLEMS, type ProblemCode, type RequestProblemCode } from './problem-table.ts';

/** `pointer` is a JSON pointer into `{ params, query, headers, body }` of the request. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export interface Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** further members of the answer */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** What is wrong with a request, seen before or beside the business. `detail` is shown to the caller. */
export class RequestProblem extends Error implements Problem {
  readonly code: RequestProblemCode;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: RequestProblemCode,
    detail: string,
    more: { headers?: Record<string, string>; members?: Record<string, unknown> } = {},
  ) {
    super(detail);
    this.name = 'RequestProblem';
    this.code = code;
    this.detail = detail;
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
}

export function invalidRequest(faults: readonly Fault[]): RequestProblem {
  const detail = faults.length === 1 ? `${faults[0]?.detail}` : `The request has ${faults.length} faults.`;
  return new RequestProblem('request/invalid', detail, { members: { errors: faults } });
}

/** For the parts of the platform that follow later. */
export const notImplemented = (detail: string): RequestProblem =>
  new RequestProblem('platform/not-implemented', detail);

const BUG_DETAIL = 'The platform made a mistake. It is in its log under the id that `instance` names.';
const RETRY_SOON = { 'retry-after': '1' };
const RETRY = { 'retry-after': '2' };
const BEARER = { 'www-authenticate': 'Bearer realm="launchdb"' };

const TOO_MANY_SESSIONS: Problem = {
  code: 'project/too-many-sessions',
  detail:
    'All sessions that the owner of the project may have are in use, pooled ones included (PostgreSQL: 53300, too many ' +
    'connections). Close some: pg_stat_activity shows them to a session that is open. Or use db_uri_pooler, or have the ' +
    'operator raise the limit (launchdb limits --connections).',
  headers: RETRY,
  members: { sqlstate: '53300' },
};

/** The answer to an error. Whatever is not known here is a bug, and says nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RequestProblem) return error;
  if (error instanceof Rejection) return rejected(error);
  if (error instanceof RateLimited) return tooMany(error);
  if (error instanceof MigrationRefused) return migrationFailed(error);
  if (error instanceof SqlFailed) return sqlFailed(error);
  if (error instanceof TooManySessions) return TOO_MANY_SESSIONS;
  if (error instanceof Unavailable) return unavailable('Something the platform needs is away or slow.');
  if (error instanceof OutcomeUnknown)
    return unavailable('Whether this was done is not known yet; ask again.');
  if (error instanceof UnknownEventVersion) {
    return unavailable(
      'A newer release has written here; this part of the platform has to be brought up to it.',
    );
  }
  if (error instanceof ProjectionBehind) {
    return { code: 'platform/behind', detail: error.message, headers: RETRY_SOON };
  }
  if (error instanceof InvalidCursor) {
    return invalidRequest([{ pointer: '/query/cursor', detail: 'Not a cursor of this list.' }]);
  }
  if (error instanceof Conflict) {
    const revision = typeof error.actual === 'number' ? { members: { revision: error.actual } } : {};
    return {
      code: 'platform/conflict',
      detail: 'Others changed the same thing at the same moment.',
      ...revision,
    };
  }
  if (error instanceof URIError) {
    return { code: 'request/invalid', detail: 'The path has a wrong percent-encoding.' };
  }
  return { code: 'platform/bug', detail: BUG_DETAIL };
}

function rejected({ code, message, facts }: Rejection): Problem {
  const headers = PROBLEMS[code].status === 401 ? { headers: BEARER } : {};
  return { code, detail: message, members: facts, ...headers };
}

function tooMany({ retryAfterMs, bound }: RateLimited): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return {
    code: 'request/too-many',
    detail: `${bound === undefined ? '' : `The bound is ${bound}. `}Try again in ${seconds} s.`,
    headers: { 'retry-after': String(seconds) },
  };
}

function sqlFailed({ message, code, position, detail, hint }: SqlFailed): Problem {
  return {
    code: 'sql/failed',
    detail: message.slice(0, 2_000),
    members: { sqlstate: code, position, sql_detail: detail, hint },
  };
}

function migrationFailed({ failure, file, place, before }: MigrationRefused): Problem {
  return {
    code: 'migration/failed',
    detail: failure.message.slice(0, 2_000),
    members: {
      ...sqlFailed(failure).members,
      file,
      line: place?.line ?? null,
      column: place?.column ?? null,
      applied: before.filter(({ outcome }) => outcome === 'applied').map(({ name }) => name),
    },
  };
}

const unavailable = (detail: string): Problem => ({ code: 'platform/unavailable', detail, headers: RETRY });

/** The body of the answer. `type` is relative, so that it leads to the docs of the host that was asked. */
export function problemBody(problem: Problem, instance: string): Record<string, unknown> {
  const { status, title } = PROBLEMS[problem.code];
  return {
    ...problem.members,
    type: `/docs#${problem.code}`,
    title,
    status,
    detail: problem.detail,
    instance,
  };
}

/** Answers with the problem, or ends the connection when an answer has begun already. */
export function sendProblem(res: ServerResponse, problem: Problem, instance: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(problemBody(problem, instance)));
  res.writeHead(PROBLEMS[problem.code].status, {
    ...problem.headers,
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  res.end(body);
}
