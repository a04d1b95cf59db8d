/** Sessions, by whatever somebody shows for one: a row for each grant. */
import { z } from 'zod';
import type { AuthCaller, AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError, invalid } from '../../application/auth/auth-error.ts';
import type { AuthProject, AuthProjects } from '../../application/auth/auth-project.ts';
import { exchangeCode } from '../../application/auth/exchange-code.ts';
import { refreshSession } from '../../application/auth/refresh-session.ts';
import { signInWithIdToken } from '../../application/auth/sign-in-with-id-token.ts';
import { signInWithPassword } from '../../application/auth/sign-in.ts';
import { requireEmail } from '../../application/auth/require-email.ts';
import type { Reply } from '../http/endpoint.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { bearerIn } from './authenticate-user.ts';
import { captcha, passwordText, text } from './body-fields.ts';
import { humanAsks } from './human-asks.ts';
import { sessionReply } from './user-json.ts';

const tokenBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: passwordText.default(''),
  refresh_token: z.string().max(10_000).default(''),
  auth_code: text.nullish(),
  code_verifier: text.nullish(),
  provider: text.nullish(),
  id_token: z.string().max(20_000).nullish(),
  access_token: z.string().max(20_000).nullish(),
  nonce: text.nullish(),
  link_identity: z.boolean().nullish(),
  ...captcha,
});

type Grant = (
  deps: AuthDependencies,
  project: AuthProject,
  body: z.output<typeof tokenBody>,
  caller: AuthCaller,
  authorization: string | undefined,
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

/** Whoever shows it is signed in by it, or, signed in already, known by it from then on. */
const idToken: Grant = async (deps, project, body, caller, authorization) => {
  if (!body.provider || !body.id_token) throw invalid('id_token and provider are required');
  const shown = {
    provider: body.provider,
    idToken: body.id_token,
    accessToken: body.access_token ?? undefined,
    nonce: body.nonce ?? undefined,
  };
  const linkTo = body.link_identity === true ? await userIn(deps, project, authorization) : undefined;
  return sessionReply(await signInWithIdToken(deps, project, shown, caller, linkTo));
};

async function userIn(
  { tokens }: AuthDependencies,
  { keys }: AuthProject,
  authorization: string | undefined,
) {
  const shown = await tokens.read(keys, bearerIn(authorization) ?? '');
  if (shown?.sub === undefined)
    throw new AuthError(403, 'bad_jwt', 'Whoever links an identity has to be signed in');
  return shown;
}

const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ['password', password],
  ['refresh_token', refreshToken],
  ['pkce', pkce],
  ['id_token', idToken],
]);

export const tokenEndpoint = (deps: AuthDependencies, projects: AuthProjects): AuthEndpoint =>
  authEndpoint(projects)({
    method: 'post',
    path: '/token',
    summary: 'A session, by what the grant says',
    auth: 'none',
    query: z.looseObject({ grant_type: z.string().default('') }),
    body: tokenBody,
    handler: async (asked) => {
      const { project, caller, query, body, headers } = asked;
      const grant = GRANTS.get(query.grant_type);
      if (!grant) throw new AuthError(400, 'invalid_credentials', 'unsupported_grant_type');
      // whoever brings a token or a code has been asked before: by us, or by the provider that it is from
      if (grant === password) await humanAsks(deps, asked);
      return grant(deps, project, body, caller, headers.authorization);
    },
  });
