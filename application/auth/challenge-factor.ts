import type { Challenge, Factor } from '../../domain/auth/user.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { requireLiveFactor, requireSession } from './factors.ts';
import { askForKey, type KeyAsked } from './web-authn-factor.ts';

const GOOD_FOR_MS = 300_000;
const NOWHERE = '0.0.0.0';

export interface Challenged {
  readonly challenge: Challenge;
  readonly factor: Factor;
  readonly expiresAt: Date;
  /** of a key: what the page hands to its browser */
  readonly asked?: Pick<KeyAsked, 'kind' | 'options'>;
}

export const challengeEnd = ({ createdAt }: Challenge): Date => new Date(createdAt.getTime() + GOOD_FOR_MS);

/** Of whoever asks: the code has to come from the same place. */
export const placeOf = ({ ip }: AuthCaller): string => ip ?? NOWHERE;

/** @throws {AuthError} 404 mfa_factor_not_found */
export async function challengeFactor(
  { directory, codes, clock, ids }: Pick<AuthDependencies, 'directory' | 'codes' | 'clock' | 'ids'>,
  project: AuthProject,
  factorId: string,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<Challenged> {
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const inSession = await requireSession(rows, shown, now);
      const { user } = inSession;
      const factor = await requireLiveFactor(rows, user, factorId, now);
      if (factor.type !== 'totp' && factor.type !== 'webauthn')
        throw invalid('There are no challenges for factors of this type');
      const asked =
        factor.type === 'webauthn' ? await askForKey({ codes }, rows, project, inSession, factor) : undefined;
      const challenge: Challenge = {
        id: ids.uuid(),
        factorId,
        createdAt: now,
        verifiedAt: null,
        ip: placeOf(caller),
        sessionData: asked?.sessionData ?? null,
      };
      await rows.factors.deleteChallenges(factorId, new Date(now.getTime() - GOOD_FOR_MS));
      await rows.factors.insertChallenge(challenge);
      await rows.factors.update(factorId, { lastChallengedAt: now });
      await audit(rows, 'challenge_created', user, now, caller, {
        factor_id: factorId,
        factor_status: factor.status,
      });
      return { challenge, factor, expiresAt: challengeEnd(challenge), ...(asked && { asked }) };
    },
    caller,
  );
}
