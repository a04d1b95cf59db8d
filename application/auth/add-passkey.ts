import { MOST_PASSKEYS, type Passkey } from '../../domain/auth/passkey.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { MadeKey } from '../ports/web-authn.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { orThrow } from './factors.ts';
import {
  notVerified,
  requireMayChange,
  requireParty,
  requirePasskeys,
  spendChallenge,
  tooManyPasskeys,
} from './passkeys.ts';

/**
 * The key that the user's browser has made for them: they may sign in with it.
 * @throws {AuthError} 400 webauthn_challenge_not_found, webauthn_challenge_expired, webauthn_verification_failed, 403,
 * 404 passkey_disabled, 422 too_many_passkeys, webauthn_credential_exists
 */
export async function addPasskey(
  { directory, webAuthn, clock, ids }: Pick<AuthDependencies, 'directory' | 'webAuthn' | 'clock' | 'ids'>,
  project: AuthProject,
  { challengeId, key }: { readonly challengeId: string; readonly key: MadeKey },
  shown: ShownToken,
  caller: AuthCaller,
): Promise<Passkey> {
  requirePasskeys(project);
  const party = requireParty(project);
  const now = clock.now();
  const work = async (rows: UserTransaction): Promise<Passkey | AuthError> => {
    const inSession = await requireMayChange(rows, shown, now);
    const { user } = inSession;
    const spent = await spendChallenge(rows, challengeId, now, inSession);
    if (spent instanceof AuthError) return spent;
    const made = await webAuthn.made({ party, challenge: spent.challenge, userVerified: true }, key);
    if (!made) return notVerified();
    if ((await rows.passkeys.of(user.id)).length >= MOST_PASSKEYS) return tooManyPasskeys();
    const times = { createdAt: now, updatedAt: now, lastUsedAt: null };
    const passkey: Passkey = { ...made, id: ids.uuid(), userId: user.id, friendlyName: '', ...times };
    if (!(await rows.passkeys.insert(passkey)))
      return new AuthError(422, 'webauthn_credential_exists', 'This credential is already registered');
    await audit(rows, 'passkey_created', user, now, caller, { passkey_id: passkey.id });
    return passkey;
  };
  return orThrow(directory.with(project.id, work, caller));
}
