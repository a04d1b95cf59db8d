import { creationOptions } from '../../domain/auth/ceremony-options.ts';
import { MOST_PASSKEYS } from '../../domain/auth/passkey.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import {
  newChallenge,
  requireMayChange,
  requireParty,
  requirePasskeys,
  tooManyPasskeys,
  type BegunCeremony,
} from './passkeys.ts';

/** What the user's browser makes a passkey by. @throws {AuthError} 403, 404 passkey_disabled, 422 too_many_passkeys */
export async function beginPasskey(
  deps: Pick<AuthDependencies, 'directory' | 'codes' | 'clock' | 'ids'>,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<BegunCeremony> {
  requirePasskeys(project);
  const party = requireParty(project);
  const now = deps.clock.now();
  return deps.directory.with(
    project.id,
    async (rows) => {
      const { user, session } = await requireMayChange(rows, shown, now);
      const known = await rows.passkeys.of(user.id);
      if (known.length >= MOST_PASSKEYS) throw tooManyPasskeys();
      const challenge = newChallenge(deps, now, { kind: 'registration', user, session });
      await rows.passkeys.insertChallenge(challenge);
      const options = creationOptions({ party, challenge: challenge.challenge }, user, known, 'passkey');
      return { challengeId: challenge.id, options, expiresAt: challenge.expiresAt };
    },
    caller,
  );
}
