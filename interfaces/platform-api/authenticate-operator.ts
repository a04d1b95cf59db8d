import type { Request } from 'express';
import type { KnownOperators } from '../../application/operator/known-operators.ts';
import type { RecordedReads } from '../../application/operator/record-use.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { untilEnded } from '../../application/until-ended.ts';
import { OPERATOR_TOKENS_STREAM, type OperatorToken } from '../../domain/operator/operator-tokens.ts';
import type { EndpointRequest } from '../http/endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import type { Authenticate } from '../http/server.ts';
import { OPERATORS, sessionTokenIn } from '../http/session-cookie.ts';
import { operatorScopeOf, type OperatorCaller, type OperatorEndpoint } from './operator-endpoint.ts';
import { requireMark, requireOwnPage } from './own-page.ts';

const BEARER = /^Bearer +([\w-]+) *$/i;

/** Whoever shows a token of an operator's that may do what the endpoint does, or the cookie of a session begun with one. */
export const operatorAuthentication =
  (
    operators: KnownOperators,
    publicUrl: string,
    following: { readonly watch: StreamWatch; readonly clock: Pick<Clock, 'now'> },
  ): Authenticate<OperatorEndpoint, OperatorCaller> =>
  async ({ headers, method }, endpoint) => {
    const prove = () => provenBy(operators, { headers, method }, publicUrl, following.clock.now());
    const caller = callerOf(await prove(), endpoint);
    const look = async () => (await prove()).until;
    return { ...caller, lasts: (signal) => untilEnded(following, OPERATOR_TOKENS_STREAM, look, signal) };
  };

type Proven = OperatorToken & {
  /** null: for as long as nobody revokes it */
  readonly until: Date | null;
};

/** @throws {RequestProblem} 401; 403: another's page asks */
async function provenBy(
  operators: KnownOperators,
  { headers, method }: Pick<Request, 'headers' | 'method'>,
  publicUrl: string,
  now: Date,
): Promise<Proven> {
  const { authorization } = headers;
  const secret =
    authorization === undefined ? sessionTokenIn(publicUrl, headers.cookie, OPERATORS) : undefined;
  if (secret !== undefined) {
    if (method !== 'GET' && method !== 'HEAD') {
      requireMark(headers);
      requireOwnPage(publicUrl, headers);
    }
    const signedIn = secret === null ? undefined : await operators.ofSession(secret, now);
    if (signedIn) return signedIn;
    // the cookie is left: a newer one may have come into its place before this answer does
    throw unauthenticated('The session has ended; sign in again.', '');
  }
  if (authorization === undefined)
    throw unauthenticated('Send `Authorization: Bearer <operator token>`.', '');
  const token = await operators.ofToken(BEARER.exec(authorization)?.[1] ?? '');
  if (token) return { ...token, until: null };
  throw unauthenticated('This is no token of an operator (any more).', ', error="invalid_token"');
}

/** @throws {RequestProblem} 403 */
function callerOf(
  { tokenId, name, scopes }: OperatorToken,
  endpoint: Pick<OperatorEndpoint, 'method' | 'mayAlways' | 'readsOnly'>,
): OperatorCaller {
  const needed = operatorScopeOf(endpoint);
  if (!endpoint.mayAlways && !scopes.includes(needed))
    throw new RequestProblem('request/forbidden', `The token has no scope "${needed}".`);
  const actor = { kind: 'operator', id: tokenId } as const;
  return { actor, logged: { operatorToken: tokenId }, known: { operator: { tokenId, name, scopes } } };
}

const unauthenticated = (detail: string, error: string) =>
  new RequestProblem('request/unauthenticated', detail, {
    headers: { 'www-authenticate': `Bearer realm="launchdb operator"${error}` },
  });

/** What changes something is in the trail by itself; that somebody reads is written down here, now and then. */
export const recordingReads = (
  endpoints: readonly OperatorEndpoint[],
  reads: RecordedReads,
): OperatorEndpoint[] =>
  endpoints.map((endpoint) =>
    endpoint.auth === 'operator' && operatorScopeOf(endpoint) === 'read'
      ? { ...endpoint, handler: (request) => recorded(request, endpoint, reads) }
      : endpoint,
  );

async function recorded(request: EndpointRequest, endpoint: OperatorEndpoint, reads: RecordedReads) {
  // the server hands over what `operatorAuthentication` found out
  const { operator } = request as EndpointRequest & OperatorCaller['known'];
  await reads.read(operator.tokenId, request.context);
  return endpoint.handler(request);
}
