import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../application/ports/clock.ts';
import type { PersonalTokens, TokenScope } from '../../application/ports/personal-tokens.ts';
import { PERSONAL_TOKEN_PREFIX, type Tokens } from '../../application/ports/tokens.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Endpoint, Owner } from './endpoint.ts';
import { RequestProblem } from './problems.ts';

/** The owner that an `Authorization` header proves. @throws {RequestProblem} 401 */
export type Authenticate = (authorization: string | undefined) => Promise<Owner>;

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const MAX_PERSONAL_TOKEN = 100;

/** Access tokens of sessions, which prove themselves, and personal tokens, which a table knows. */
export const bearerAuthentication =
  (
    tokens: Pick<Tokens, 'ownerOfAccessToken' | 'hash'>,
    personal?: { readonly tokens: PersonalTokens; readonly clock: Clock },
  ): Authenticate =>
  async (authorization) => {
    if (authorization === undefined)
      throw unauthenticated('Send `Authorization: Bearer <access token>`.', '');
    const token = BEARER.exec(authorization)?.[1] ?? '';
    if (personal && token.startsWith(PERSONAL_TOKEN_PREFIX) && token.length <= MAX_PERSONAL_TOKEN) {
      const found = await personal.tokens.use(tokens.hash(token), personal.clock.now());
      if (found) {
        const { tokenId: id, scopes, projectId, ownerId } = found;
        return { id: ownerId, token: { id, scopes, projectId } };
      }
    } else {
      const id = token && (await tokens.ownerOfAccessToken(token));
      if (id) return { id };
    }
    throw unauthenticated('The access token is not valid (any more).', ', error="invalid_token"');
  };

/**
 * What a personal token may not do. One that is limited to a project sees nothing else: another project looks as
 * if it did not exist.
 * @throws {RequestProblem} 403, 404
 */
export function requireScope(endpoint: Endpoint, owner: Owner | undefined, projectId: unknown): void {
  const token = owner?.token;
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

/** What a personal token needs for an endpoint. */
export const scopesOf = ({ method, revealsSecrets }: Endpoint): readonly TokenScope[] => [
  method === 'get' ? 'read' : 'write',
  ...(revealsSecrets ? (['secrets'] as const) : []),
];

/**
 * The key that the platform's parts show each other. Compared in constant time, as digests, so that not even its
 * length shows. @throws {RequestProblem} 401
 */
export function requireInternalKey(keys: readonly string[], shown: string | string[] | undefined): void {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const given = digest(typeof shown === 'string' ? shown : '');
  const fits = keys.map((key) => timingSafeEqual(digest(key), given));
  if (typeof shown !== 'string' || !fits.includes(true)) {
    throw new RequestProblem('request/unauthenticated', 'Send the internal key in X-Internal-API-Key.');
  }
}

const forbidden = (detail: string) => new RequestProblem('request/forbidden', detail);

const unauthenticated = (detail: string, error: string) =>
  new RequestProblem('request/unauthenticated', detail, {
    headers: { 'www-authenticate': `Bearer realm="launchdb"${error}` },
  });
