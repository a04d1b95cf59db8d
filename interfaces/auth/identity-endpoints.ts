/** Ways by which users are known, and what is not there: its clients read by the code that it is off, and not gone wrong. */
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError, type AuthErrorCode } from '../../application/auth/auth-error.ts';
import { unlinkIdentity } from '../../application/auth/unlink-identity.ts';
import type { Method } from '../http/endpoint.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';

type Declare = ReturnType<typeof authEndpoint>;
type Off = readonly [method: Method, path: string, status: number, code: AuthErrorCode, message: string];

const PASSKEYS = [404, 'passkey_disabled', 'Passkeys are disabled'] as const;
const OFF: readonly Off[] = [
  ['post', '/sso', 404, 'saml_provider_disabled', 'SAML 2.0 is disabled'],
  ['get', '/passkeys', ...PASSKEYS],
  ['patch', '/passkeys/:id', ...PASSKEYS],
  ['delete', '/passkeys/:id', ...PASSKEYS],
  ['post', '/passkeys/registration/options', ...PASSKEYS],
  ['post', '/passkeys/registration/verify', ...PASSKEYS],
  ['post', '/passkeys/authentication/options', ...PASSKEYS],
  ['post', '/passkeys/authentication/verify', ...PASSKEYS],
  ['get', '/admin/users/:id/passkeys', ...PASSKEYS],
  ['delete', '/admin/users/:id/passkeys/:passkey', ...PASSKEYS],
];

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
  ...OFF.map(([method, path, status, code, message]) =>
    endpoint({
      method,
      path,
      summary: message,
      auth: 'none',
      handler: () => Promise.reject(new AuthError(status, code, message)),
    }),
  ),
];
