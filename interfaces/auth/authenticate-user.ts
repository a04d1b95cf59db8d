import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { isAdminRole } from '../../domain/auth/admin-role.ts';
import type { UserTokens } from '../../application/ports/user-tokens.ts';
import type { Authenticate } from '../http/server.ts';
import { findProject, told, type AuthEndpoint, type AuthServiceCaller } from './auth-endpoint.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
/** undefined: there is none */
export const bearerIn = (authorization = ''): string | undefined => BEARER.exec(authorization)?.[1];

/** Whose token it is by its signature. @throws {ProblemError} 401 no_authorization, 403 bad_jwt, not_admin */
export const userAuthentication =
  (projects: AuthProjects, tokens: Pick<UserTokens, 'read'>): Authenticate<AuthEndpoint, AuthServiceCaller> =>
  async ({ headers, params }, { auth }) => {
    const project = await findProject(projects, params['project']);
    const token = bearerIn(headers.authorization);
    return told(
      (async () => {
        if (token === undefined)
          throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
        const shown = await tokens.read(project.keys, token);
        if (!shown) throw new AuthError(403, 'bad_jwt', 'invalid JWT: it is not valid, or not any more');
        if (auth === 'admin' && !isAdminRole(shown.role))
          throw new AuthError(403, 'not_admin', 'User not allowed');
        if (auth === 'user' && shown.sub === undefined)
          throw new AuthError(403, 'bad_jwt', 'invalid claim: missing sub claim');
        return { logged: { project: project.id }, known: { project, shown } };
      })(),
    );
  };
