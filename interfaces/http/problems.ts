/** The one place where an error becomes a problem. How a service tells it is for its `errorBody` to say. */
import { TooManySessions, Unavailable, type Dependency } from '../../application/errors.ts';
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
  /** `subject/reason` */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** further members of the answer */
  readonly members?: Readonly<Record<string, unknown>>;
}

type More = Pick<Problem, 'headers' | 'members'>;

/** One of the table. */
export const problem = (code: ProblemCode, detail: string, more: More = {}): Problem => ({
  code,
  ...PROBLEMS[code],
  detail,
  ...more,
});

/** A problem as an error. `detail` is shown to the caller. A service with codes of its own throws these. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(told: Problem) {
    super(told.detail);
    this.name = 'ProblemError';
    this.problem = told;
  }
}

/** What is wrong with a request, seen before or beside the business. */
export class RequestProblem extends ProblemError {
  constructor(code: RequestProblemCode, detail: string, more: More = {}) {
    super(problem(code, detail, more));
    this.name = 'RequestProblem';
  }
}

export function invalidRequest(faults: readonly Fault[]): RequestProblem {
  const detail = faults.length === 1 ? `${faults[0]?.detail}` : `The request has ${faults.length} faults.`;
  return new RequestProblem('request/invalid', detail, { members: { errors: faults } });
}

export const bodyTooLarge = (limit: number): RequestProblem =>
  new RequestProblem('request/too-large', `The body may have ${limit} bytes at most.`, {
    members: { limit },
  });

export const bodyBrokeOff = (): RequestProblem =>
  invalidRequest([{ pointer: '/body', detail: 'The body broke off.' }]);

/** For those who may read why. */
export const unavailableAs = (detail: string, what?: Dependency): RequestProblem =>
  new RequestProblem('platform/unavailable', detail, {
    headers: RETRY,
    ...(what && { members: { away: what } }),
  });

export const tookTooLong = (ms: number): RequestProblem =>
  unavailableAs(`There was no answer within ${ms / 1000} s.`);

const BUG_DETAIL = 'The platform made a mistake. It is in its log under the id that `instance` names.';
const RETRY_SOON = { 'retry-after': '1' };
const RETRY = { 'retry-after': '2' };
const BEARER = { 'www-authenticate': 'Bearer realm="launchdb"' };

const TOO_MANY_SESSIONS = problem(
  'project/too-many-sessions',
  'All sessions that the owner of the project may have are in use, pooled ones included (PostgreSQL: 53300, too many ' +
    'connections). Close some: pg_stat_activity shows them to a session that is open. Or use db_uri_pooler, or have the ' +
    'operator raise the limit (launchdb limits --connections).',
  { headers: RETRY, members: { sqlstate: '53300' } },
);

/** What an error says to whoever asked. Whatever is not known here is a bug, and says nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof Rejection) return rejected(error);
  if (error instanceof RateLimited) return tooMany(error);
  if (error instanceof MigrationRefused) return migrationFailed(error);
  if (error instanceof SqlFailed) return sqlFailed(error);
  if (error instanceof TooManySessions) return TOO_MANY_SESSIONS;
  if (error instanceof Unavailable) return unavailable(error.away);
  if (error instanceof OutcomeUnknown)
    return away('log', 'Whether this was done is not known yet; ask again.');
  if (error instanceof UnknownEventVersion) {
    const detail = 'A newer release has written here; this part of the platform has to be brought up to it.';
    return problem('platform/unavailable', detail, { headers: RETRY });
  }
  if (error instanceof ProjectionBehind) {
    return problem('platform/behind', error.message, { headers: RETRY_SOON });
  }
  if (error instanceof InvalidCursor) {
    return invalidRequest([{ pointer: '/query/cursor', detail: 'Not a cursor of this list.' }]).problem;
  }
  if (error instanceof Conflict) {
    const revision = typeof error.actual === 'number' ? { members: { revision: error.actual } } : {};
    return problem('platform/conflict', 'Others changed the same thing at the same moment.', revision);
  }
  if (error instanceof URIError) {
    return problem('request/invalid', 'The path has a wrong percent-encoding.');
  }
  return problem('platform/bug', BUG_DETAIL);
}

function rejected({ code, message, facts }: Rejection): Problem {
  const headers = PROBLEMS[code].status === 401 ? { headers: BEARER } : {};
  return problem(code, message, { ...(facts && { members: facts }), ...headers });
}

function tooMany({ retryAfterMs, bound }: RateLimited): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const detail = `${bound === undefined ? '' : `The bound is ${bound}. `}Try again in ${seconds} s.`;
  return problem('request/too-many', detail, { headers: { 'retry-after': String(seconds) } });
}

const sqlFailed = (failed: SqlFailed): Problem =>
  problem('sql/failed', failed.message.slice(0, 2_000), { members: sqlMembers(failed) });

const sqlMembers = ({ code, position, detail, hint }: SqlFailed) => ({
  sqlstate: code,
  position,
  sql_detail: detail,
  hint,
});

function migrationFailed({ failure, file, place, before }: MigrationRefused): Problem {
  const members = {
    ...sqlMembers(failure),
    file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    applied: before.filter(({ outcome }) => outcome === 'applied').map(({ name }) => name),
  };
  return problem('migration/failed', failure.message.slice(0, 2_000), { members });
}

export const IN_WORDS: Readonly<Record<Dependency, string>> = {
  log: 'The event log',
  postgres: 'The PostgreSQL of projects',
  platform_postgres: 'The PostgreSQL of the platform itself',
  pooler: 'The connection pooler',
  rest_api: 'The project’s REST API',
  platform_api: 'The platform API',
  auth: 'The auth service',
  storage: 'The storage service',
  gateway: 'The gateway',
  manager: 'The manager, which runs REST APIs,',
  migrations: 'The migrations service',
  docker: 'The container engine',
  password_checks: 'The checking of passwords',
};

const unavailable = (what: Dependency | undefined): Problem =>
  what === undefined
    ? problem('platform/unavailable', 'Something the platform needs is away or slow.', { headers: RETRY })
    : away(what, `${IN_WORDS[what]} is away or slow.`);

const away = (what: Dependency, detail: string): Problem =>
  problem('platform/unavailable', detail, { headers: RETRY, members: { away: what } });
