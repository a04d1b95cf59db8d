import type { Clock } from '../../application/ports/clock.ts';
import type { PersonalTokens } from '../../application/ports/personal-tokens.ts';
import { PERSONAL_TOKEN_PREFIX, type Tokens } from '../../application/ports/tokens.ts';
import { Rejection } from '../../domain/rejection.ts';
import { RequestProblem } from '../http/problems.ts';
import type { Authenticate } from '../http/server.ts';
import type { BrowserOwner } from './browser-owner.ts';
import { scopesOf, type Endpoint, type Owner, type OwnerCaller, type ProvenOwner } from './owner-endpoint.ts';
import { untilSignedOut, type OwnerStreams } from './owner-streams.ts';

/** The owner that an `Authorization` header proves. @throws {RequestProblem} 401 */
export type Bearer = (authorization: string | undefined) => Promise<ProvenOwner>;

/**
 * Owners, each endpoint to those of them whose token may do what it does.
 * @param inBrowser who has sent no Authorization may be known by the console's cookie
 * @param streams without: an answer that goes on outlives the session
 */
export const ownerAuthentication =
  (
    ownerOf: Bearer,
    inBrowser: BrowserOwner = async () => undefined,
    streams?: OwnerStreams,
  ): Authenticate<Endpoint, OwnerCaller> =>
  async (request, endpoint) => {
    const prove = async () => {
      const { authorization } = request.headers;
      const signedIn = authorization === undefined ? await inBrowser(request, endpoint) : undefined;
      return signedIn ?? ownerOf(authorization);
    };
    const owner = await prove();
    requireScope(endpoint, owner, request.params['id']);
    const actor = owner.token
      ? ({ kind: 'token', id: owner.token.id } as const)
      : ({ kind: 'owner', id: owner.id } as const);
    return {
      actor,
      logged: { ownerId: owner.id },
      known: { owner },
      ...(streams && { lasts: (signal) => untilSignedOut(streams, owner, prove, signal) }),
    };
  };

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const MAX_PERSONAL_TOKEN = 100;

/** Access tokens of sessions, which prove themselves, and personal tokens, which a table knows. */
export const bearer =
  (
    tokens: Pick<Tokens, 'ownerOfAccessToken' | 'hash'>,
    personal?: { readonly tokens: PersonalTokens; readonly clock: Clock },
  ): Bearer =>
  async (authorization) => {
    if (authorization === undefined)
      throw unauthenticated('Send `Authorization: Bearer <access token>`.', '');
    const token = BEARER.exec(authorization)?.[1] ?? '';
    if (personal && token.startsWith(PERSONAL_TOKEN_PREFIX) && token.length <= MAX_PERSONAL_TOKEN) {
      const found = await personal.tokens.use(tokens.hash(token), personal.clock.now());
      if (found) {
        const { tokenId: id, scopes, projectId, ownerId, expiresAt: goodUntil } = found;
        return { id: ownerId, token: { id, scopes, projectId }, goodUntil };
      }
    } else {
      const found = token === '' ? undefined : await tokens.ownerOfAccessToken(token);
      if (found) return { id: found.ownerId, goodUntil: found.expiresAt };
    }
    throw unauthenticated('The access token is not valid (any more).', ', error="invalid_token"');
  };

/**
 * What a personal token may not do. One that is limited to a project sees nothing else: another project looks as
 * if it did not exist.
 * @throws {RequestProblem} 403, 404
 */
export function requireScope(
  endpoint: Pick<Endpoint, 'auth' | 'method' | 'path' | 'revealsSecrets'>,
  { token }: Owner,
  projectId: unknown,
): void {
  if (!token) return;
  if (endpoint.auth === 'session') throw forbidden('A personal token may not do this; log in.');
  for (const scope of scopesOf(endpoint)) {
    if (!token.scopes.includes(scope)) throw forbidden(`The token has no scope "${scope}".`);
  }
  if (token.projectId === null) return;
  if (!endpoint.path.startsWith('/api/projects/:id')) throw forbidden('The token is for one project only.');
  if (projectId !== token.projectId) {
    throw new Rejection('project/not-found', 'There is no such project.');
  }
}

const forbidden = (detail: string) => new RequestProblem('request/forbidden', detail);

const unauthenticated = (detail: string, error: string) =>
  new RequestProblem('request/unauthenticated', detail, {
    headers: { 'www-authenticate': `Bearer realm="launchdb"${error}` },
  });
