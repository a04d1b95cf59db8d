import { accountOf } from '../../domain/auth/provider-account.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { isBanned, type Flow, type User } from '../../domain/auth/user.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { requireLinking } from './begin-provider-flow.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { linkedTo } from './provider-user.ts';

const LIFE_MS = 5 * 60_000;

/**
 * The code that a link or a provider brought, for a session: whoever asked for it has the verifier. A wrong verifier spends nothing.
 * @throws {AuthError} 400 validation_failed, bad_code_verifier, user_banned, 404 flow_state_not_found, 422 flow_state_expired;
 *   of an identity that comes with it also as linkedTo
 */
export async function exchangeCode(
  deps: AuthDependencies,
  project: AuthProject,
  {
    authCode,
    codeVerifier,
  }: { readonly authCode: string | null | undefined; readonly codeVerifier: string | null | undefined },
  caller: AuthCaller,
): Promise<IssuedSession> {
  if (!authCode || !codeVerifier)
    throw invalid('invalid request: both auth code and code verifier should be non-empty');
  return hooked(deps, project, caller, async (rows) => {
    const found = isUuid(authCode) ? await rows.flows.byAuthCode(authCode) : undefined;
    const user = found?.userId ? await rows.users.byId(found.userId, 'lock') : undefined;
    // with the user locked: of many at once one still finds it
    const flow = user && (await rows.flows.byAuthCode(authCode, 'lock'));
    if (!flow || flow.authCodeIssuedAt === null)
      throw new AuthError(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found');
    const now = deps.clock.now();
    if (now.getTime() - flow.authCodeIssuedAt.getTime() > LIFE_MS)
      throw new AuthError(422, 'flow_state_expired', 'invalid flow state, flow state has expired');
    const challenge =
      flow.codeChallengeMethod === 's256' ? deps.codes.challengeOf(codeVerifier) : codeVerifier;
    if (challenge !== flow.codeChallenge)
      throw new AuthError(
        400,
        'bad_code_verifier',
        'code challenge does not match previously saved code verifier',
      );
    if (isBanned(user, now)) throw new AuthError(400, 'user_banned', 'User is banned');
    await rows.flows.delete(flow.id);
    const known = await withIdentity(deps, rows, project, { flow, user, now }, caller);
    await audit(rows, 'login', known, now, caller, { provider_type: flow.providerType });
    const session = await beginSession(deps, rows, project, known, flow.method, caller);
    return {
      ...session,
      ...(flow.providerAccessToken !== null && { providerToken: flow.providerAccessToken }),
      ...(flow.providerRefreshToken !== null && { providerRefreshToken: flow.providerRefreshToken }),
    };
  });
}

/** Whoever asked for another way to be known by is known by it now. */
async function withIdentity(
  deps: AuthDependencies,
  rows: HookedRows,
  project: AuthProject,
  { flow, user, now }: { readonly flow: Flow; readonly user: User; readonly now: Date },
  caller: AuthCaller,
): Promise<User> {
  const { providerType, identityData: data, linkingTargetId } = flow;
  const account = data && linkingTargetId ? accountOf(providerType, String(data['iss']), data) : undefined;
  if (!account) return user;
  requireLinking(project);
  return linkedTo({ deps, rows, project, account, order: {}, caller, now }, user.id);
}
