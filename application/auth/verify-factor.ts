/** The code of an authenticator, or a key: the session is aal2 with it, and a factor that was being enrolled counts from now on. */
import { afterWrong, mayTryAt, NO_TRIES } from '../../domain/auth/bounded-tries.ts';
import { goodSteps, totpMemoryOf, totpMemoryToJson } from '../../domain/auth/totp.ts';
import type { Challenge, Factor } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { challengeEnd, placeOf } from './challenge-factor.ts';
import {
  methodOf,
  orThrow,
  raiseSession,
  requireLiveFactor,
  requireSession,
  tooManyTries,
} from './factors.ts';
import { hooked, type HookedRows } from './hooked.ts';
import type { IssuedSession } from './issue-session.ts';
import { proveKey, type KeyAnswer } from './web-authn-factor.ts';

export interface FactorProof {
  readonly factorId: string;
  readonly challengeId: string;
  readonly answer: { readonly kind: 'code'; readonly code: string } | KeyAnswer;
}

type Verifiers = Pick<
  AuthDependencies,
  'directory' | 'hooks' | 'secondFactors' | 'webAuthn' | 'tokens' | 'clock' | 'ids'
>;

/** @throws {AuthError} 422 of the challenge and the code, 429: too many wrong ones */
export async function verifyFactor(
  deps: Verifiers,
  project: AuthProject,
  { factorId, challengeId, answer }: FactorProof,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<IssuedSession> {
  if (answer.kind === 'code' && answer.code === '') throw invalid('Code needs to be non-empty');
  const now = deps.clock.now();
  const work = async (rows: HookedRows): Promise<IssuedSession | AuthError> => {
    const inSession = await requireSession(rows, shown, now);
    const factor = await requireLiveFactor(rows, inSession.user, factorId, now);
    if (factor.type !== (answer.kind === 'code' ? 'totp' : 'webauthn'))
      throw invalid('Factors of this type are not verified in this way');
    const challenge = await requireChallenge(rows, factor, challengeId, caller, now);
    const refused =
      answer.kind === 'code'
        ? await spendCode(deps, rows, { factor, challenge, code: answer.code }, now)
        : await proveKey(deps, rows, project, inSession, { factor, challenge, answer }, now);
    if (refused) return refused;
    await rows.factors.deleteUnverified(factor.userId, factor.type);
    await audit(rows, 'verification_attempted', inSession.user, now, caller, {
      factor_id: factor.id,
      challenge_id: challenge.id,
      factor_type: factor.type,
    });
    return raiseSession(deps, rows, project, inSession, factor, methodOf(factor));
  };
  return orThrow(hooked(deps, project, caller, work));
}

/** @throws {AuthError} 422 */
async function requireChallenge(
  rows: UserTransaction,
  factor: Factor,
  id: string,
  caller: AuthCaller,
  now: Date,
): Promise<Challenge> {
  const challenge = await rows.factors.challenge(id, 'lock');
  if (challenge?.factorId !== factor.id)
    throw new AuthError(422, 'mfa_factor_not_found', 'MFA factor with the provided challenge ID not found');
  if (challenge.ip !== placeOf(caller))
    throw new AuthError(422, 'mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.');
  if (challenge.verifiedAt !== null || challengeEnd(challenge) <= now)
    throw new AuthError(
      422,
      'mfa_challenge_expired',
      'MFA challenge has expired, verify against another challenge or create a new challenge.',
    );
  return challenge;
}

/** The challenge is spent by the right one. @returns why it is not good: the try is on record then */
async function spendCode(
  { secondFactors }: Pick<AuthDependencies, 'secondFactors'>,
  rows: UserTransaction,
  { factor, challenge, code }: { factor: Factor; challenge: Challenge; code: string },
  now: Date,
): Promise<AuthError | undefined> {
  const memory = totpMemoryOf(factor);
  const wait = mayTryAt(memory.tries, now);
  if (wait) return tooManyTries('over_request_rate_limit', wait, now);
  const step = secondFactors.stepOf(code, factor.secret ?? '', goodSteps(now, memory));
  const remembered =
    step === undefined
      ? { ...memory, tries: afterWrong(memory.tries, now) }
      : { lastStep: step, tries: NO_TRIES };
  await rows.factors.update(factor.id, {
    credential: totpMemoryToJson(remembered),
    ...(step !== undefined && { status: 'verified' }),
    updatedAt: now,
  });
  if (step === undefined) return new AuthError(422, 'mfa_verification_failed', 'Invalid TOTP code entered');
  await rows.factors.verifyChallenge(challenge.id, now);
  return undefined;
}
