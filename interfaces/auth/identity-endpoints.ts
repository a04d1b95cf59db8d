/** Ways by which users are known, and what is not there: its clients read by the code that it is off, and not gone wrong. */
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError } from '../../application/auth/auth-error.ts';
import { unlinkIdentity } from '../../application/auth/unlink-identity.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';

type Declare = ReturnType<typeof authEndpoint>;

export const identityEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'delete',
    path: '/user/identities/:id',
    summary: 'Ends one of the ways by which whoever asks is known',
    auth: 'user',
    handler: async ({ project, shown, params: { id = '' }, caller }) => {
      await unlinkIdentity(deps, project, id, shown, caller);
      return { status: 200, body: {} };
    },
  }),
  endpoint({
    method: 'post',
    path: '/sso',
    summary: 'SAML 2.0 is disabled',
    auth: 'none',
    handler: () => Promise.reject(new AuthError(404, 'saml_provider_disabled', 'SAML 2.0 is disabled')),
  }),
];
