/** A session goes on: its refresh token is exchanged for the next one. */
import { isBanned, type Session, type User } from '../../domain/auth/user.ts';
import type { AuthSettings } from '../../domain/auth/auth-settings.ts';
import { placeInChain } from '../../domain/auth/refresh-chain.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { issueTokens, type IssuedSession } from './issue-session.ts';

const SHORTEST_TOKEN = 12;
const notFound = () =>
  new AuthError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
const alreadyUsed = () =>
  new AuthError(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');

/**
 * @throws {AuthError} 400 validation_failed, refresh_token_not_found, refresh_token_already_used, session_expired,
 * user_banned
 */
export async function refreshSession(
  deps: AuthDependencies,
  project: AuthProject,
  token: string,
  caller: AuthCaller,
): Promise<IssuedSession> {
  if (token.length < SHORTEST_TOKEN) throw invalid('Refresh token is not valid');
  const place = deps.tokens.readRefreshToken(token);
  if (!place) throw notFound();
  const outcome = await hooked(deps, project, caller, async (rows) => {
    // one after another: whoever comes second sees what the first has done
    const [session, user] = await Promise.all([
      rows.sessions.byId(place.sessionId, 'lock'),
      rows.users.ofSession(place.sessionId),
    ]);
    if (!session || !deps.tokens.isRefreshTokenOf(session, token)) throw notFound();
    if (!user || user.deletedAt !== null) throw notFound();
    return exchange(deps, rows, project, { session, user }, place.counter, caller);
  });
  // told when its session has ended for good: what is thrown inside is taken back
  if (outcome === 'reused') throw alreadyUsed();
  return outcome;
}

async function exchange(
  deps: AuthDependencies,
  rows: HookedRows,
  project: AuthProject,
  { session, user }: { readonly session: Session; readonly user: User },
  counter: number,
  caller: AuthCaller,
): Promise<IssuedSession | 'reused'> {
  const { settings } = project;
  const now = deps.clock.now();
  if (isBanned(user, now)) throw new AuthError(400, 'user_banned', 'Invalid Refresh Token: User Banned');
  if (isOver(session, settings.session, now))
    throw new AuthError(400, 'session_expired', 'Invalid Refresh Token: Session Expired');
  switch (placeInChain(session, counter, settings.refreshReuseSeconds, now)) {
    case 'unknown':
      throw notFound();
    case 'reused':
      if (!settings.endReusedSessions) throw alreadyUsed();
      await rows.sessions.endOf(user.id, { only: session.id });
      await audit(rows, 'token_revoked', user, now, caller);
      return 'reused';
    case 'again':
      return issueTokens(deps, rows, project, session, user, 'token_refresh');
    case 'current': {
      const next = { refreshTokenCounter: session.refreshTokenCounter + 1, refreshedAt: now, updatedAt: now };
      const [issued] = await Promise.all([
        issueTokens(deps, rows, project, { ...session, ...next }, user, 'token_refresh'),
        rows.sessions.update(session.id, next),
        audit(rows, 'token_refreshed', user, now, caller),
      ]);
      return issued;
    }
  }
}

function isOver(
  { createdAt, refreshedAt, notAfter }: Session,
  { maxSeconds, idleSeconds }: AuthSettings['session'],
  now: Date,
): boolean {
  const since = (at: Date) => (now.getTime() - at.getTime()) / 1000;
  if (notAfter !== null && notAfter <= now) return true;
  if (maxSeconds !== null && since(createdAt) >= maxSeconds) return true;
  return idleSeconds !== null && since(refreshedAt ?? createdAt) >= idleSeconds;
}
