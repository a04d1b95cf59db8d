/** What holds for all that is done with passkeys. */
import { CHALLENGE_BYTES, CHALLENGE_MS, type PasskeyChallenge } from '../../domain/auth/passkey.ts';
import { relyingPartyOf, type RelyingParty } from '../../domain/auth/relying-party.ts';
import type { JsonObject, Session, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { isVerified, requireSession, type InSession } from './factors.ts';

/** A page has this, and gives it to its browser. */
export interface BegunCeremony {
  readonly challengeId: string;
  readonly options: JsonObject;
  readonly expiresAt: Date;
}

/** @throws {AuthError} 404: there are none in this project */
export function requirePasskeys({ settings }: AuthProject): void {
  if (!settings.passkeys.enabled) throw new AuthError(404, 'passkey_disabled', 'Passkeys are disabled');
}

/** @throws {AuthError} 400: of what the owner has set nobody could have one */
export function requireParty({ settings, siteUrl }: AuthProject): RelyingParty {
  const party = relyingPartyOf(settings, siteUrl);
  if ('fault' in party) throw invalid(party.fault);
  return party;
}

/**
 * A way to sign in comes or goes. Their row is locked, so that two at once do not both find a place.
 * @throws {AuthError} 403 no_authorization, insufficient_aal
 */
export async function requireMayChange(
  rows: UserTransaction,
  shown: ShownToken,
  now: Date,
): Promise<InSession> {
  const { user, session } = await requireSession(rows, shown, now, 'lock');
  if (user.isAnonymous)
    throw new AuthError(403, 'no_authorization', 'Anonymous user not allowed to perform these actions');
  const hasFactor = (await rows.factors.of([user.id])).some(isVerified);
  if (hasFactor && session.aal === 'aal1')
    throw new AuthError(
      403,
      'insufficient_aal',
      'AAL2 session is required to manage passkeys when MFA is enabled',
    );
  return { user, session };
}

export function newChallenge(
  { codes, ids }: Pick<AuthDependencies, 'codes' | 'ids'>,
  now: Date,
  of:
    | { readonly kind: 'registration'; readonly user: User; readonly session: Session }
    | { readonly kind: 'authentication' },
): PasskeyChallenge {
  return {
    id: ids.uuid(),
    kind: of.kind,
    userId: of.kind === 'registration' ? of.user.id : null,
    sessionId: of.kind === 'registration' ? of.session.id : null,
    challenge: codes.randomText(CHALLENGE_BYTES),
    createdAt: now,
    expiresAt: new Date(now.getTime() + CHALLENGE_MS),
  };
}

/** It is spent, whatever comes of it. @returns why it is not good */
export async function spendChallenge(
  rows: UserTransaction,
  id: string,
  now: Date,
  by: InSession | undefined,
): Promise<PasskeyChallenge | AuthError> {
  const kind = by ? 'registration' : 'authentication';
  const challenge = await rows.passkeys.takeChallenge(id, kind, by?.user.id ?? null);
  if (!challenge || challenge.sessionId !== (by?.session.id ?? null))
    return new AuthError(400, 'webauthn_challenge_not_found', 'Challenge not found or already used');
  if (challenge.expiresAt <= now)
    return new AuthError(400, 'webauthn_challenge_expired', 'Challenge has expired');
  return challenge;
}

export const notVerified = (): AuthError =>
  new AuthError(400, 'webauthn_verification_failed', 'Credential verification failed');

export const noSuchPasskey = (): AuthError =>
  new AuthError(404, 'webauthn_credential_not_found', 'Passkey not found');

export const tooManyPasskeys = (): AuthError =>
  new AuthError(422, 'too_many_passkeys', 'Maximum number of passkeys reached');
