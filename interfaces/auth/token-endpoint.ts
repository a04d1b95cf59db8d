/** Sessions, by whatever somebody shows for one: a row for each grant. */
import { z } from 'zod';
import type { AuthCaller, AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError, invalid } from '../../application/auth/auth-error.ts';
import type { AuthProject, AuthProjects } from '../../application/auth/auth-project.ts';
import { exchangeCode } from '../../application/auth/exchange-code.ts';
import { refreshSession } from '../../application/auth/refresh-session.ts';
import { signInWithPassword } from '../../application/auth/sign-in.ts';
import { requireEmail } from '../../application/auth/require-email.ts';
import type { Reply } from '../http/endpoint.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { passwordText, text } from './body-fields.ts';
import { sessionReply } from './user-json.ts';

const tokenBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: passwordText.default(''),
  refresh_token: z.string().max(10_000).default(''),
  auth_code: text.nullish(),
  code_verifier: text.nullish(),
});

type Grant = (
  deps: AuthDependencies,
  project: AuthProject,
  body: z.output<typeof tokenBody>,
  caller: AuthCaller,
) => Promise<Reply>;

const password: Grant = async (deps, project, body, caller) => {
  if (body.phone) throw new AuthError(422, 'phone_provider_disabled', 'Phone logins are disabled');
  if (!body.email) throw invalid('An email address is needed');
  const credentials = { email: requireEmail(body.email), password: body.password };
  return sessionReply(await signInWithPassword(deps, project, credentials, caller));
};

const refreshToken: Grant = async (deps, project, body, caller) => {
  if (body.refresh_token === '') throw invalid('refresh_token required');
  return sessionReply(await refreshSession(deps, project, body.refresh_token, caller));
};

const pkce: Grant = async (deps, project, { auth_code: authCode, code_verifier: codeVerifier }, caller) =>
  sessionReply(await exchangeCode(deps, project, { authCode, codeVerifier }, caller));

const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ['password', password],
  ['refresh_token', refreshToken],
  ['pkce', pkce],
]);

export const tokenEndpoint = (deps: AuthDependencies, projects: AuthProjects): AuthEndpoint =>
  authEndpoint(projects)({
    method: 'post',
    path: '/token',
    summary: 'A session, by what the grant says',
    auth: 'none',
    query: z.looseObject({ grant_type: z.string().default('') }),
    body: tokenBody,
    handler: ({ project, caller, query, body }) => {
      const grant = GRANTS.get(query.grant_type);
      if (!grant) throw new AuthError(400, 'invalid_credentials', 'unsupported_grant_type');
      return grant(deps, project, body, caller);
    },
  });
