import type { KnownOperators } from '../../application/operator/known-operators.ts';
import type { RecordedReads } from '../../application/operator/record-use.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { OperatorToken } from '../../domain/operator/operator-tokens.ts';
import type { EndpointRequest, Headers } from '../http/endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import type { Authenticate } from '../http/server.ts';
import { OPERATORS, removingSession, sessionTokenIn } from '../http/session-cookie.ts';
import { operatorScopeOf, type OperatorCaller, type OperatorEndpoint } from './operator-endpoint.ts';
import { requireMark, requireOwnPage } from './own-page.ts';

const BEARER = /^Bearer +([\w-]+) *$/i;

/** Whoever shows a token of an operator's that may do what the endpoint does, or the cookie of a session begun with one. */
export const operatorAuthentication =
  (
    operators: KnownOperators,
    clock: Pick<Clock, 'now'>,
    publicUrl: string,
  ): Authenticate<OperatorEndpoint, OperatorCaller> =>
  async ({ headers, method }, endpoint) => {
    const { authorization } = headers;
    const secret =
      authorization === undefined ? sessionTokenIn(publicUrl, headers.cookie, OPERATORS) : undefined;
    if (secret !== undefined) {
      if (method !== 'GET' && method !== 'HEAD') {
        requireMark(headers);
        requireOwnPage(publicUrl, headers);
      }
      const signedIn = secret === null ? undefined : await operators.ofSession(secret, clock.now());
      if (signedIn) return callerOf(signedIn, endpoint);
      throw unauthenticated('The session has ended; sign in again.', '', {
        'set-cookie': removingSession(publicUrl, OPERATORS),
      });
    }
    if (authorization === undefined)
      throw unauthenticated('Send `Authorization: Bearer <operator token>`.', '');
    const token = await operators.ofToken(BEARER.exec(authorization)?.[1] ?? '');
    if (!token)
      throw unauthenticated('This is no token of an operator (any more).', ', error="invalid_token"');
    return callerOf(token, endpoint);
  };

/** @throws {RequestProblem} 403 */
function callerOf(
  { tokenId, name, scopes }: OperatorToken,
  endpoint: Pick<OperatorEndpoint, 'method' | 'mayAlways'>,
): OperatorCaller {
  const needed = operatorScopeOf(endpoint);
  if (!endpoint.mayAlways && !scopes.includes(needed))
    throw new RequestProblem('request/forbidden', `The token has no scope "${needed}".`);
  const actor = { kind: 'operator', id: tokenId } as const;
  return { actor, logged: { operatorToken: tokenId }, known: { operator: { tokenId, name, scopes } } };
}

const unauthenticated = (detail: string, error: string, headers: Headers = {}) =>
  new RequestProblem('request/unauthenticated', detail, {
    headers: { ...headers, 'www-authenticate': `Bearer realm="launchdb operator"${error}` },
  });

/** What changes something is in the trail by itself; that somebody reads is written down here, now and then. */
export const recordingReads = (
  endpoints: readonly OperatorEndpoint[],
  reads: RecordedReads,
): OperatorEndpoint[] =>
  endpoints.map((endpoint) =>
    endpoint.auth === 'operator' && endpoint.method === 'get'
      ? { ...endpoint, handler: (request) => recorded(request, endpoint, reads) }
      : endpoint,
  );

async function recorded(request: EndpointRequest, endpoint: OperatorEndpoint, reads: RecordedReads) {
  // the server hands over what `operatorAuthentication` found out
  const { operator } = request as EndpointRequest & OperatorCaller['known'];
  await reads.read(operator.tokenId, request.context);
  return endpoint.handler(request);
}
