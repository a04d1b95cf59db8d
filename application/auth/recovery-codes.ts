/** Recovery codes: for whoever has lost their other second factor. They are told once, and each is good once. */
import { afterWrong, mayTryAt, NO_TRIES } from '../../domain/auth/bounded-tries.ts';
import { RECOVERY_CODES, recoveryCodesOf, recoveryCodesToJson } from '../../domain/auth/recovery-codes.ts';
import type { Factor, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import {
  factorName,
  isUsable,
  orThrow,
  raiseSession,
  requireMayEnroll,
  requireSession,
  tooManyTries,
} from './factors.ts';
import { hooked, type HookedRows } from './hooked.ts';
import type { IssuedSession } from './issue-session.ts';

export interface RecoveryCodeSet {
  readonly factor: Factor;
  readonly total: number;
  readonly remaining: number;
}
export interface NewRecoveryCodes extends RecoveryCodeSet {
  readonly codes: readonly string[];
}

type Codes = Pick<AuthDependencies, 'directory' | 'secondFactors' | 'clock' | 'ids'>;

const LONGEST_CODE = 100;

/** @throws {AuthError} 404 mfa_factor_not_found */
export async function showRecoveryCodes(
  { directory, clock }: Codes,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<RecoveryCodeSet> {
  return directory.with(
    project.id,
    async (rows) => {
      const { user } = await requireSession(rows, shown, clock.now());
      const factor = await requireSet(rows, user);
      return { factor, total: RECOVERY_CODES, remaining: recoveryCodesOf(factor).hashes.length };
    },
    caller,
  );
}

/** @throws {AuthError} 403 insufficient_aal, 422 */
export async function makeRecoveryCodes(
  { directory, secondFactors, clock, ids }: Codes,
  project: AuthProject,
  friendlyName: string | undefined,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<NewRecoveryCodes> {
  if (!project.settings.mfa.recoveryCodes)
    throw new AuthError(
      422,
      'mfa_recovery_codes_enroll_not_enabled',
      'MFA enroll is disabled for recovery codes',
    );
  const name = factorName(friendlyName) ?? 'Recovery codes';
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const user = await requireAal2(rows, shown, now);
      // before the names are compared
      if (await setOf(rows, user))
        throw new AuthError(
          422,
          'mfa_verified_factor_exists',
          'Recovery codes are already enrolled for this user, use regenerate to rotate them',
        );
      const { factors } = await requireMayEnroll(rows, shown, name, now);
      if (!factors.some(isUsable))
        throw new AuthError(
          422,
          'mfa_recovery_codes_sole_factor',
          'At least one other verified factor is required to generate recovery codes',
        );
      const id = ids.uuid();
      const { codes, credential } = newCodes(secondFactors, id);
      const factor: Factor = {
        id,
        userId: user.id,
        type: 'recovery_code',
        status: 'verified',
        friendlyName: name,
        secret: null,
        credential,
        lastChallengedAt: null,
        createdAt: now,
        updatedAt: now,
      };
      await rows.factors.insert(factor);
      const traits = { factor_id: id, count: codes.length };
      await audit(rows, 'recovery_codes_generated', user, now, caller, traits);
      return { factor, total: codes.length, remaining: codes.length, codes };
    },
    caller,
  );
}

/** The earlier ones are no longer good. @throws {AuthError} 403 insufficient_aal, 404 */
export async function renewRecoveryCodes(
  { directory, secondFactors, clock }: Codes,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<NewRecoveryCodes> {
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const user = await requireAal2(rows, shown, now);
      const factor = await requireSet(rows, user);
      const { codes, credential } = newCodes(secondFactors, factor.id);
      await rows.factors.update(factor.id, { credential, updatedAt: now });
      const traits = { factor_id: factor.id, count: codes.length };
      await audit(rows, 'recovery_codes_regenerated', user, now, caller, traits);
      return { factor, total: codes.length, remaining: codes.length, codes };
    },
    caller,
  );
}

/** @throws {AuthError} 422 mfa_verification_failed, 429 mfa_recovery_codes_locked */
export async function useRecoveryCode(
  deps: Codes & Pick<AuthDependencies, 'tokens' | 'hooks'>,
  project: AuthProject,
  code: string,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<IssuedSession> {
  if (code.trim() === '') throw invalid('Code needs to be non-empty');
  const now = deps.clock.now();
  const work = async (rows: HookedRows): Promise<IssuedSession | AuthError> => {
    const inSession = await requireSession(rows, shown, now);
    const factor = await setOf(rows, inSession.user);
    if (!factor) return wrongCode();
    const { hashes, tries } = recoveryCodesOf(factor);
    const wait = mayTryAt(tries, now);
    if (wait) return tooManyTries('mfa_recovery_codes_locked', wait, now);
    const hash = code.length > LONGEST_CODE ? '' : deps.secondFactors.recoveryHash(factor.id, code);
    const left = hashes.filter((one) => one !== hash);
    const isGood = left.length < hashes.length;
    const after = { hashes: left, tries: isGood ? NO_TRIES : afterWrong(tries, now) };
    await rows.factors.update(factor.id, { credential: recoveryCodesToJson(after), updatedAt: now });
    if (!isGood) return wrongCode();
    const traits = { factor_id: factor.id, remaining: left.length };
    await audit(rows, 'recovery_codes_verified', inSession.user, now, caller, traits);
    return raiseSession(deps, rows, project, inSession, factor, 'recovery_code');
  };
  return orThrow(hooked(deps, project, caller, work));
}

/**
 * Sessions that a code made aal2 stay so: whoever has lost their authenticator deletes first these codes, then the factor.
 * @throws {AuthError} 403 insufficient_aal, 404
 */
export async function deleteRecoveryCodes(
  { directory, clock }: Codes,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<Factor> {
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const user = await requireAal2(rows, shown, now);
      const factor = await requireSet(rows, user);
      await rows.factors.delete(factor.id);
      await audit(rows, 'recovery_codes_deleted', user, now, caller, { factor_id: factor.id });
      return factor;
    },
    caller,
  );
}

function newCodes(secondFactors: AuthDependencies['secondFactors'], factorId: string) {
  const codes = secondFactors.newRecoveryCodes(RECOVERY_CODES);
  const hashes = codes.map((code) => secondFactors.recoveryHash(factorId, code));
  return { codes, credential: recoveryCodesToJson({ hashes, tries: NO_TRIES }) };
}

async function requireAal2(rows: UserTransaction, shown: ShownToken, now: Date): Promise<User> {
  const { user, session } = await requireSession(rows, shown, now);
  if (session.aal === 'aal1')
    throw new AuthError(403, 'insufficient_aal', 'AAL2 required for recovery codes');
  return user;
}

/** Locked. */
async function setOf(rows: UserTransaction, user: User): Promise<Factor | undefined> {
  const set = (await rows.factors.of([user.id])).find(({ type }) => type === 'recovery_code');
  return set && rows.factors.byId(set.id, 'lock');
}

async function requireSet(rows: UserTransaction, user: User): Promise<Factor> {
  const set = await setOf(rows, user);
  if (set) return set;
  throw new AuthError(404, 'mfa_factor_not_found', 'The user has not enrolled recovery codes');
}

const wrongCode = (): AuthError =>
  new AuthError(422, 'mfa_verification_failed', 'Invalid recovery code entered');
