import type { Tokens } from '../../application/ports/tokens.ts';
import type { Owner } from './endpoint.ts';
import { RequestProblem } from './problems.ts';

/** The owner that an `Authorization` header proves. @throws {RequestProblem} 401 */
export type Authenticate = (authorization: string | undefined) => Promise<Owner>;

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

export const bearerAuthentication =
  (tokens: Pick<Tokens, 'ownerOfAccessToken'>): Authenticate =>
  async (authorization) => {
    if (authorization === undefined)
      throw unauthenticated('Send `Authorization: Bearer <access token>`.', '');
    const token = BEARER.exec(authorization)?.[1];
    const id = token && (await tokens.ownerOfAccessToken(token));
    if (!id) throw unauthenticated('The access token is not valid (any more).', ', error="invalid_token"');
    return { id };
  };

const unauthenticated = (detail: string, error: string) =>
  new RequestProblem('request/unauthenticated', detail, {
    headers: { 'www-authenticate': `Bearer realm="launchdb"${error}` },
  });
