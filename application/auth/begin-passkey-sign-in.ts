import { requestOptions } from '../../domain/auth/ceremony-options.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { newChallenge, requireParty, requirePasskeys, type BegunCeremony } from './passkeys.ts';

/** The same for everybody: the browser finds who has a passkey, and not we. @throws {AuthError} 404 passkey_disabled */
export async function beginPasskeySignIn(
  deps: Pick<AuthDependencies, 'directory' | 'codes' | 'clock' | 'ids'>,
  project: AuthProject,
  caller: AuthCaller,
): Promise<BegunCeremony> {
  requirePasskeys(project);
  const party = requireParty(project);
  const challenge = newChallenge(deps, deps.clock.now(), { kind: 'authentication' });
  await deps.directory.with(project.id, (rows) => rows.passkeys.insertChallenge(challenge), caller);
  const options = requestOptions({ party, challenge: challenge.challenge });
  return { challengeId: challenge.id, options, expiresAt: challenge.expiresAt };
}
