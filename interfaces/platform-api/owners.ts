import { z } from 'zod';
import { normaliseEmail } from '../../domain/email-address.ts';
import { eraseOwner, type EraseOwnerDependencies } from '../../application/owner/erase-owner.ts';
import { logIn, type LogInDependencies } from '../../application/owner/log-in.ts';
import { logOut } from '../../application/owner/log-out.ts';
import { refresh } from '../../application/owner/refresh.ts';
import type { SessionTokens } from '../../application/owner/session-tokens.ts';
import { signUp } from '../../application/owner/sign-up.ts';
import type { OwnerAccount } from '../../application/ports/owner-accounts.ts';
import { endpoint, type Endpoint, type Owner } from './owner-endpoint.ts';
import { RequestProblem } from '../http/problems.ts';

const email = z
  .string()
  .max(320)
  .transform((text, context) => {
    const address = normaliseEmail(text);
    if (address === undefined) context.addIssue({ code: 'custom', message: 'Not an e-mail address.' });
    return address ?? '';
  })
  .describe('Compared without regard to case.');
const newCredentials = z.object({
  email,
  password: z.string().min(10).max(200),
  invite: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The code of an invite, where the operator lets nobody in without one.'),
});
// a password that could never have been set is simply wrong, but a huge one is not even looked at
export const loginCredentials = z.object({ email, password: z.string().max(200) });
const refreshToken = z.object({ refresh_token: z.string().min(1).max(200) });

const ownerView = z.object({ owner_id: z.string(), email: z.string(), created_at: z.iso.datetime() });
const tokensView = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().describe('Seconds.'),
  refresh_token: z.string().describe('Good for one exchange; using it twice ends the session.'),
});

/** `/api/owners/...`: accounts and sessions of those who own projects. */
export const ownerEndpoints = (dependencies: EraseOwnerDependencies): Endpoint[] => [
  signUpEndpoint(dependencies),
  logInEndpoint(dependencies),
  refreshEndpoint(dependencies),
  logOutEndpoint(dependencies),
  me(dependencies),
  erase(dependencies),
];

const tags = ['owners'];

const signUpEndpoint = (dependencies: LogInDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/owners/signup',
    summary: 'Make an account',
    description: 'By `SIGNUP` of the platform for anybody, with an invite of the operator’s, or for nobody.',
    tags,
    auth: 'none',
    body: newCredentials,
    responses: { 201: ownerView },
    handler: async ({ body, context }) => ({
      status: 201,
      body: ownerBody(await signUp(dependencies, body, context)),
    }),
  });

const logInEndpoint = (dependencies: LogInDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/owners/login',
    summary: 'Begin a session',
    tags,
    auth: 'none',
    body: loginCredentials,
    responses: { 200: tokensView },
    handler: async ({ body, context }) => ({
      status: 200,
      body: tokensBody(await logIn(dependencies, body, context)),
    }),
  });

const refreshEndpoint = (dependencies: LogInDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/owners/refresh',
    summary: 'Exchange a refresh token for new tokens',
    tags,
    auth: 'none',
    body: refreshToken,
    responses: { 200: tokensView },
    handler: async ({ body, context }) => ({
      status: 200,
      body: tokensBody(await refresh(dependencies, body.refresh_token, context)),
    }),
  });

const logOutEndpoint = (dependencies: LogInDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/owners/logout',
    summary: 'End the session of a refresh token',
    description: 'Repeatable. Access tokens of the session stay good until they expire.',
    tags,
    auth: 'none',
    body: refreshToken,
    responses: { 204: 'The session has ended' },
    handler: async ({ body, context }) => {
      await logOut(dependencies, body.refresh_token, context);
      return { status: 204 };
    },
  });

const me = (dependencies: LogInDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/owners/me',
    summary: 'Who the access token belongs to',
    tags,
    auth: 'owner',
    responses: { 200: ownerView },
    handler: async ({ owner }) => ({ status: 200, body: ownerBody(await accountOf(dependencies, owner)) }),
  });

const erase = (dependencies: EraseOwnerDependencies): Endpoint =>
  endpoint({
    method: 'delete',
    path: '/api/owners/me',
    summary: 'Erase your account',
    description:
      'Your projects have to be purged first. The key of your personal data is destroyed: the audit trail stays and verifies, and nobody can read your address in it any more.',
    tags,
    auth: 'session',
    body: z.strictObject({ password: z.string().max(200) }),
    responses: { 204: 'Erased' },
    handler: async ({ owner, body, context }) => {
      await eraseOwner(dependencies, owner.id, body.password, context);
      return { status: 204 };
    },
  });

/** @throws {RequestProblem} 401 */
export async function accountOf(
  { accounts }: Pick<LogInDependencies, 'accounts'>,
  { id }: Owner,
): Promise<OwnerAccount> {
  const account = await accounts.findById(id);
  if (!account) throw new RequestProblem('request/unauthenticated', 'This owner has no account any more.');
  return account;
}

const ownerBody = ({ ownerId, email: address, createdAt }: OwnerAccount) => ({
  owner_id: ownerId,
  email: address,
  created_at: createdAt.toISOString(),
});

const tokensBody = ({ accessToken, expiresInSeconds, refreshToken: token }: SessionTokens) => ({
  access_token: accessToken,
  token_type: 'Bearer' as const,
  expires_in: expiresInSeconds,
  refresh_token: token,
});
