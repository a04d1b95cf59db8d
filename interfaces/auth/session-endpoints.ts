/** Sign-up, sign-in, and what users do with their sessions and themselves. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { AuthError, invalid } from '../../application/auth/auth-error.ts';
import { logOutUser } from '../../application/auth/log-out-user.ts';
import { personOf } from '../../application/auth/person.ts';
import { refreshSession } from '../../application/auth/refresh-session.ts';
import { requireUser } from '../../application/auth/require-user.ts';
import { signInWithPassword } from '../../application/auth/sign-in.ts';
import { signInAnonymously, signUp } from '../../application/auth/sign-up.ts';
import { updateUser } from '../../application/auth/update-user.ts';
import { emailAddress } from './email-field.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { sessionJson, sessionReply, userJson } from './user-json.ts';

const text = z.string().max(4_096);
const metadata = z.record(z.string(), z.unknown());
/** null where the client does not go by PKCE */
export const challenge = {
  code_challenge: text.nullish(),
  code_challenge_method: text.nullish(),
};

const signUpBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: z.string().max(100_000).optional(),
  data: metadata.nullish(),
  ...challenge,
});
const tokenBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: z.string().max(100_000).default(''),
  refresh_token: z.string().max(10_000).default(''),
});
const userBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: z.string().max(100_000).optional(),
  current_password: z.string().max(100_000).optional(),
  nonce: text.optional(),
  data: metadata.nullish(),
  app_metadata: z.unknown(),
  ...challenge,
});

export function sessionEndpoints(deps: AuthDependencies, projects: AuthProjects): readonly AuthEndpoint[] {
  const endpoint = authEndpoint(projects);
  return [
    endpoint({
      method: 'post',
      path: '/signup',
      summary: 'Makes a user, or one without an address',
      auth: 'none',
      body: signUpBody,
      handler: async ({ project, caller, body, redirectTo }) => {
        const data = body.data ?? {};
        if (body.phone) throw new AuthError(400, 'phone_provider_disabled', 'Phone signups are disabled');
        if (!body.email && !body.password)
          return sessionReply(await signInAnonymously(deps, project, data, caller));
        const email = emailAddress(body.email ?? '');
        const order = {
          redirectTo,
          codeChallenge: body.code_challenge,
          codeChallengeMethod: body.code_challenge_method,
        };
        const made = await signUp(
          deps,
          project,
          { email, password: body.password ?? '', data, ...order },
          caller,
        );
        if (made.outcome === 'session') return sessionReply(made.issued);
        return { status: 200, body: userJson(made.person) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/token',
      summary: 'A session, by what the grant says',
      auth: 'none',
      query: z.looseObject({ grant_type: z.string().default('') }),
      body: tokenBody,
      handler: async ({ project, caller, query, body }) => {
        switch (query.grant_type) {
          case 'password': {
            if (body.phone) throw new AuthError(422, 'phone_provider_disabled', 'Phone logins are disabled');
            if (!body.email) throw invalid('An email address is needed');
            const credentials = { email: emailAddress(body.email), password: body.password };
            return sessionReply(await signInWithPassword(deps, project, credentials, caller));
          }
          case 'refresh_token':
            if (body.refresh_token === '')
              throw new AuthError(400, 'validation_failed', 'refresh_token required');
            return {
              status: 200,
              body: sessionJson(await refreshSession(deps, project, body.refresh_token, caller)),
            };
          default:
            throw new AuthError(400, 'invalid_credentials', 'unsupported_grant_type');
        }
      },
    }),
    endpoint({
      method: 'post',
      path: '/logout',
      summary: 'Ends sessions of the user',
      auth: 'user',
      query: z.looseObject({ scope: z.string().default('global') }),
      handler: async ({ project, caller, shown, query }) => {
        await logOutUser(deps, project, shown, query.scope || 'global', caller);
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'get',
      path: '/user',
      summary: 'The user',
      auth: 'user',
      handler: async ({ project, caller, shown }) => {
        const work = deps.directory.with(
          project.id,
          async (rows) => personOf(rows, (await requireUser(rows, shown, deps.clock.now())).user),
          caller,
        );
        return { status: 200, body: userJson(await work) };
      },
    }),
    endpoint({
      method: 'put',
      path: '/user',
      summary: 'Changes what is the user’s own',
      auth: 'user',
      body: userBody,
      handler: async ({ project, caller, shown, body, redirectTo }) => {
        if (body.app_metadata !== undefined)
          throw new AuthError(403, 'not_admin', 'Updating app_metadata requires admin privileges');
        if (body.phone) throw new AuthError(400, 'phone_provider_disabled', 'Phone logins are disabled');
        const change = {
          email: body.email ? emailAddress(body.email) : undefined,
          password: body.password,
          currentPassword: body.current_password,
          nonce: body.nonce,
          data: body.data ?? undefined,
          redirectTo,
          codeChallenge: body.code_challenge,
          codeChallengeMethod: body.code_challenge_method,
        };
        return { status: 200, body: userJson(await updateUser(deps, project, shown, change, caller)) };
      },
    }),
  ];
}
