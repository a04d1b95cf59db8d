/** Somebody signs in with a passkey: which one it is tells who they are. */
import { userHandleOf, type Passkey } from '../../domain/auth/passkey.ts';
import { isBanned, isConfirmed, type User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { UsedKey } from '../ports/web-authn.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { orThrow } from './factors.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { notVerified, requireParty, requirePasskeys, spendChallenge } from './passkeys.ts';

export interface ShownPasskey {
  readonly challengeId: string;
  readonly key: UsedKey;
  /** as the authenticator tells it, in base64url */
  readonly userHandle: string;
}

type Deps = Pick<AuthDependencies, 'directory' | 'hooks' | 'webAuthn' | 'tokens' | 'codes' | 'clock' | 'ids'>;

/**
 * @throws {AuthError} 400 webauthn_challenge_not_found, webauthn_challenge_expired, webauthn_verification_failed,
 * 403 user_banned, email_not_confirmed, 404 passkey_disabled
 */
export async function signInWithPasskey(
  deps: Deps,
  project: AuthProject,
  { challengeId, key, userHandle }: ShownPasskey,
  caller: AuthCaller,
): Promise<IssuedSession> {
  requirePasskeys(project);
  const party = requireParty(project);
  const work = async (rows: HookedRows): Promise<IssuedSession | AuthError> => {
    const { now } = rows.hooks;
    const spent = await spendChallenge(rows, challengeId, now, undefined);
    if (spent instanceof AuthError) return spent;
    const known = await knownBy(rows, key.id);
    if (!known || userHandleOf(known.user.id) !== userHandle) return notVerified();
    const { user, passkey } = known;
    const ceremony = { party, challenge: spent.challenge, userVerified: true };
    const use = await deps.webAuthn.used(ceremony, key, passkey);
    if (!use) return notVerified();
    const refused = unwelcome(user, now);
    if (refused) return refused;
    await rows.passkeys.update(passkey.id, { ...use, lastUsedAt: now });
    await audit(rows, 'login', user, now, caller, { provider: 'passkey', passkey_id: passkey.id });
    return beginSession(deps, rows, project, user, 'passkey', caller);
  };
  return orThrow(hooked(deps, project, caller, work));
}

/** Locked, in the order in which a user's deletion comes by them: of two uses at once the second sees the first's count. */
async function knownBy(
  rows: UserTransaction,
  credentialId: string,
): Promise<{ readonly user: User; readonly passkey: Passkey } | undefined> {
  const found = await rows.passkeys.byCredentialId(credentialId);
  const user = found && (await rows.users.byId(found.userId, 'lock'));
  const passkey = user && (await rows.passkeys.byCredentialId(credentialId, 'lock'));
  return user?.deletedAt === null && passkey ? { user, passkey } : undefined;
}

/** Told only to somebody who has shown who they are. */
function unwelcome(user: User, now: Date): AuthError | undefined {
  if (isBanned(user, now)) return new AuthError(403, 'user_banned', 'User is banned');
  if ((user.email || user.phone) && !isConfirmed(user))
    return new AuthError(403, 'email_not_confirmed', 'Email not confirmed');
  return undefined;
}
