import type { RejectionCode } from '../../domain/rejection.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

const REJECTIONS = {
  'project/not-found': { status: 404, title: 'There is no such project, or it belongs to somebody else' },
  'project/name-taken': { status: 409, title: 'The owner has a project of this name already' },
  'project/already-exists': { status: 409, title: 'The project exists already' },
  'project/busy': { status: 409, title: 'Something else is being done to the project' },
  'project/not-active': { status: 409, title: 'The project must be active for this' },
  'project/not-paused': { status: 409, title: 'The project is not paused' },
  'project/not-deleted': { status: 409, title: 'The project is not deleted' },
  'project/keys-overlap': {
    status: 409,
    title: 'The keys were rotated a moment ago; the overlap is not over',
  },
  'project/suspended': { status: 409, title: 'The project waits for an operator' },
  'project/nothing-to-retry': { status: 409, title: 'No step of the project waits to be tried again' },
  'project/over-size-limit': { status: 409, title: 'The database of the project is over its size limit' },
  'project/upgrade-needed': { status: 409, title: 'The database of the project is of an earlier version' },
  'project/purge-name-mismatch': { status: 409, title: 'Purging needs the name of the project, repeated' },
  'project/revision-mismatch': { status: 412, title: 'The project has changed since it was read' },
  'owner/email-taken': { status: 409, title: 'The e-mail address has an account already' },
  'owner/invite-needed': { status: 403, title: 'An account needs an invite that is good' },
  'owner/signup-closed': { status: 403, title: 'Nobody can make an account here' },
  'owner/has-projects': { status: 409, title: 'The owner still has projects; purge them first' },
  'owner/token-not-found': { status: 404, title: 'There is no such token' },
  'owner/too-many-tokens': { status: 409, title: 'The owner has as many tokens as one may have' },
  'owner/too-many-projects': { status: 409, title: 'The owner has as many projects as one may have' },
  'owner/invalid-credentials': { status: 401, title: 'The e-mail address or the password is wrong' },
  'owner/invalid-refresh-token': { status: 401, title: 'The refresh token is not valid' },
  'idempotency/key-reused': { status: 409, title: 'The Idempotency-Key was used for another request' },
  'platform/capacity-reached': {
    status: 409,
    title: 'As many projects are in service as PostgreSQL has connections for',
  },
  'platform/rollout-under-way': { status: 409, title: 'An upgrade to another version is under way' },
  'platform/no-rollout': { status: 409, title: 'No upgrade of all projects is under way' },
  'platform/work-under-way': { status: 409, title: 'The same work is under way already' },
  'operator/token-not-found': { status: 404, title: 'There is no such token of an operator' },
  'operator/too-many-tokens': { status: 409, title: 'There are as many tokens of operators as there may be' },
  'migration/not-found': { status: 404, title: 'The project has no such migration' },
  'migration/invalid': { status: 409, title: 'The file cannot be a migration; `detail` says why' },
  'migration/changed': { status: 409, title: 'The file differs from what was applied' },
  'migration/out-of-order': { status: 409, title: 'A later migration is applied already' },
  'migration/too-many': { status: 409, title: 'The project has as many migrations as one may have' },
  'migration/no-dry-run': { status: 409, title: 'What runs without a transaction cannot be taken back' },
  'migration/busy': { status: 409, title: 'Another migration of the project is under way' },
  'audit/entry-not-found': { status: 404, title: 'There is no such entry, or it belongs to somebody else' },
  'auth/invalid-settings': { status: 409, title: 'The auth settings are not valid; `detail` says why' },
  'storage/invalid-settings': { status: 409, title: 'The storage settings are not valid; `detail` says why' },
  'storage/too-many-s3-keys': {
    status: 409,
    title: 'The project has as many S3 access keys as one may have',
  },
  'storage/s3-key-not-found': { status: 404, title: 'There is no such S3 access key' },
} as const satisfies Record<RejectionCode, ProblemKind>;

const REQUESTS = {
  'request/invalid': { status: 400, title: 'The request is not valid; `errors`, if any, names each fault' },
  'request/unauthenticated': { status: 401, title: 'A valid access token is needed' },
  'request/forbidden': { status: 403, title: 'The caller may not do this' },
  'request/no-such-route': { status: 404, title: 'There is nothing at this path' },
  'request/method-not-allowed': { status: 405, title: 'The path does not know this method; see Allow' },
  'request/timeout': { status: 408, title: 'The request did not arrive in time' },
  'request/too-large': { status: 413, title: 'The body is too large' },
  'request/unsupported-media-type': {
    status: 415,
    title: 'The body has a type or an encoding that is not taken here',
  },
  'request/too-many': { status: 429, title: 'Too many requests; see Retry-After' },
  'request/headers-too-large': { status: 431, title: 'The headers are too large' },
  'migration/failed': { status: 422, title: 'PostgreSQL refused the migration; file and line are told' },
  'sql/failed': { status: 422, title: 'PostgreSQL refused the statement' },
} as const satisfies Record<string, ProblemKind>;

const PLATFORM = {
  'platform/conflict': { status: 409, title: 'Others changed the same thing at the same moment; try again' },
  'platform/bug': { status: 500, title: 'The platform made a mistake' },
  'platform/not-implemented': { status: 501, title: 'This part of the platform does not exist yet' },
  'platform/refused': { status: 409, title: 'Something is in the way; `detail` says what' },
  'project/too-many-sessions': { status: 503, title: 'The owner’s sessions are all in use' },
  'platform/unavailable': {
    status: 503,
    title: 'Something the platform needs is away or slow: `away` names it; see Retry-After',
  },
  'platform/behind': {
    status: 503,
    title: 'The read model has not reached the wanted position; see Retry-After',
  },
} as const satisfies Record<string, ProblemKind>;

/** What the gateway says in the place of a service that is behind it. */
const GATEWAY = {
  'gateway/no-api-key': { status: 401, title: 'The request holds no key of the project' },
  PGRST301: { status: 401, title: 'The key of the project is not valid (the code is PostgREST’s)' },
  'gateway/outcome-unknown': {
    status: 502,
    title: 'The connection to the service was lost under a change: it may have been made, or not',
  },
  'gateway/bad-answer': { status: 502, title: 'The service gave an answer that cannot be read' },
  'gateway/upstream-lost': { status: 503, title: 'The connection to the service was lost; see Retry-After' },
  'gateway/unreachable': { status: 503, title: 'The service cannot be reached right now; see Retry-After' },
  'gateway/busy': { status: 503, title: 'Too many requests wait for the service; see Retry-After' },
  'gateway/timeout': { status: 504, title: 'The service took too long' },
  'project/starting': { status: 503, title: 'The project starts; see Retry-After' },
  'project/not-woken': { status: 503, title: 'The project was asleep and is not awake yet; see Retry-After' },
  'project/no-free-connection': {
    status: 503,
    title: 'All connections of the project’s REST API are in use; nothing was done; see Retry-After',
  },
  'project/paused': { status: 503, title: 'The project is paused, until its owner resumes it' },
  'project/out-of-service': { status: 503, title: 'The project failed or waits for an operator' },
} as const satisfies Record<string, ProblemKind>;

/** Every problem that an answer of the gateway or of the platform's API can name. The code is the anchor in `/docs` and never changes its meaning. */
export const PROBLEMS = { ...REJECTIONS, ...REQUESTS, ...PLATFORM, ...GATEWAY };

export type ProblemCode = keyof typeof PROBLEMS;
/** The problems that a handler may raise by itself, with {@link RequestProblem}. */
export type RequestProblemCode =
  keyof typeof REQUESTS | 'platform/not-implemented' | 'platform/refused' | 'platform/unavailable';
