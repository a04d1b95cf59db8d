/** What holds for second factors of every type. */
import type { AuthMethod, Factor, Session, User } from '../../domain/auth/user.ts';
import type { Lock, UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid, type AuthErrorCode } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import type { HookedRows } from './hooked.ts';
import { issueTokens, type IssuedSession } from './issue-session.ts';
import { requireUser } from './require-user.ts';

/** an enrolment that nobody ended */
const UNVERIFIED_MS = 300_000;
const LONGEST_NAME = 200;
/** A refresh token from before the second factor is then older than the one before the current one. */
const CHAIN_STEPS = 2;

export interface InSession {
  readonly user: User;
  readonly session: Session;
}

/** @throws {AuthError} 403 */
export async function requireSession(
  rows: UserTransaction,
  shown: ShownToken,
  now: Date,
  lock?: Lock,
): Promise<InSession> {
  const { user, session } = await requireUser(rows, shown, now, lock);
  if (!session) throw new AuthError(403, 'session_not_found', 'A session is needed for this');
  return { user, session };
}

const noSuchFactor = (): AuthError => new AuthError(404, 'mfa_factor_not_found', 'Factor not found');

/** Theirs, locked. @throws {AuthError} 404 */
export async function requireFactor(rows: UserTransaction, user: User, id: string): Promise<Factor> {
  const factor = await rows.factors.byId(id, 'lock');
  if (factor?.userId !== user.id) throw noSuchFactor();
  return factor;
}

/** One that counts, or whose enrolment is under way. @throws {AuthError} 404 */
export async function requireLiveFactor(
  rows: UserTransaction,
  user: User,
  id: string,
  now: Date,
): Promise<Factor> {
  const factor = await requireFactor(rows, user, id);
  if (!isVerified(factor) && factor.createdAt <= enrolmentsEnd(now)) throw noSuchFactor();
  return factor;
}

/** Of those that began before, nobody gave a code in time. */
const enrolmentsEnd = (now: Date): Date => new Date(now.getTime() - UNVERIFIED_MS);

/** null: none. @throws {AuthError} 400 */
export function factorName(name: string | undefined): string | null {
  if (name !== undefined && name.length > LONGEST_NAME) throw invalid('friendly_name is too long');
  return name?.trim() || null;
}

/**
 * Whoever begins another factor. Their row is locked, so that two at once do not both find a place.
 * @throws {AuthError} 403 insufficient_aal, no_authorization, 422 mfa_factor_name_conflict
 */
export async function requireMayEnroll(
  rows: UserTransaction,
  shown: ShownToken,
  name: string | null,
  now: Date,
): Promise<InSession & { readonly factors: readonly Factor[] }> {
  const { user, session } = await requireSession(rows, shown, now, 'lock');
  if (user.isAnonymous)
    throw new AuthError(403, 'no_authorization', 'Anonymous user not allowed to perform these actions');
  for (const type of ['totp', 'webauthn'] as const)
    await rows.factors.deleteUnverified(user.id, type, enrolmentsEnd(now));
  const factors = await rows.factors.of([user.id]);
  if (factors.some(isVerified) && session.aal === 'aal1')
    throw new AuthError(403, 'insufficient_aal', 'AAL2 required to enroll a new factor');
  if (factors.some(({ friendlyName }) => (friendlyName || null) === name))
    throw new AuthError(
      422,
      'mfa_factor_name_conflict',
      `A factor with the friendly name "${name ?? ''}" for this user already exists`,
    );
  return { user, session, factors };
}

export const isVerified = ({ status }: Factor): boolean => status === 'verified';

/** What proves it, in the claims of a session. */
export const methodOf = ({ type }: Factor): AuthMethod =>
  type === 'webauthn' ? 'mfa/webauthn' : type === 'recovery_code' ? 'recovery_code' : 'totp';

/** Recovery codes stand in for one of these, and are none themselves. */
export const isUsable = (factor: Factor): boolean => isVerified(factor) && factor.type !== 'recovery_code';

/** The session is aal2 now: with other tokens, and the user's sessions that are not have ended. */
export async function raiseSession(
  deps: Pick<AuthDependencies, 'tokens'>,
  rows: HookedRows,
  project: AuthProject,
  { user, session: before }: InSession,
  factor: Factor,
  method: AuthMethod,
): Promise<IssuedSession> {
  const { now } = rows.hooks;
  // as it is now: a refresh may have been under way
  const current = await rows.sessions.byId(before.id, 'lock');
  if (!current) throw new AuthError(403, 'session_not_found', 'The session has ended');
  const change = {
    aal: 'aal2',
    factorId: factor.id,
    refreshTokenCounter: current.refreshTokenCounter + CHAIN_STEPS,
    updatedAt: now,
  } as const;
  await rows.sessions.update(current.id, change);
  await rows.sessions.prove(current.id, method, now);
  await rows.sessions.endOf(user.id, { except: current.id, aal: 'aal1' });
  return issueTokens(deps, rows, project, { ...current, ...change }, user, method);
}

export const tooManyTries = (code: AuthErrorCode, until: Date, now: Date): AuthError => {
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1000);
  return new AuthError(429, code, `Too many wrong codes: try again in ${seconds} seconds`);
};

/** A wrong code is on record although the request fails: so it is what the transaction gives, and is thrown behind it. */
export async function orThrow<T extends object>(outcome: Promise<T | AuthError>): Promise<T> {
  const done = await outcome;
  if (done instanceof AuthError) throw done;
  return done;
}
