import type { KnownOperators } from '../../application/operator/known-operators.ts';
import type { RecordedReads } from '../../application/operator/record-use.ts';
import type { OperatorToken } from '../../domain/operator/operator-tokens.ts';
import type { EndpointRequest } from '../http/endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import type { Authenticate } from '../http/server.ts';
import { operatorScopeOf, type OperatorCaller, type OperatorEndpoint } from './operator-endpoint.ts';

const BEARER = /^Bearer +([\w-]+) *$/i;

/** Whoever shows a token of an operator's that may do what the endpoint does. */
export const operatorAuthentication =
  (operators: KnownOperators): Authenticate<OperatorEndpoint, OperatorCaller> =>
  async ({ headers: { authorization } }, endpoint) => {
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
  endpoint: Pick<OperatorEndpoint, 'method'>,
): OperatorCaller {
  const needed = operatorScopeOf(endpoint);
  if (!scopes.includes(needed))
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
