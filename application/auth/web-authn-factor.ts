/** A key as a second factor: it is made when the factor is enrolled, and used from then on. */
import { creationOptions, requestOptions } from '../../domain/auth/ceremony-options.ts';
import {
  CHALLENGE_BYTES,
  credentialFromJson,
  credentialToJson,
  type KeyCredential,
} from '../../domain/auth/passkey.ts';
import type { Challenge, Factor, JsonObject } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { MadeKey, UsedKey } from '../ports/web-authn.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { isVerified, type InSession } from './factors.ts';
import { requireParty } from './passkeys.ts';

export type KeyAnswer =
  { readonly kind: 'create'; readonly key: MadeKey } | { readonly kind: 'request'; readonly key: UsedKey };

export interface KeyAsked {
  readonly kind: KeyAnswer['kind'];
  readonly options: JsonObject;
  /** what of it stays with the challenge */
  readonly sessionData: JsonObject;
}

/** @throws {AuthError} 400 where the project's pages can have no keys, 403 insufficient_aal */
export async function askForKey(
  { codes }: Pick<AuthDependencies, 'codes'>,
  rows: UserTransaction,
  project: AuthProject,
  inSession: InSession,
  factor: Factor,
): Promise<KeyAsked> {
  const asked = { party: requireParty(project), challenge: codes.randomText(CHALLENGE_BYTES) };
  const kind = kindFor(factor);
  const known = await keysOf(rows, inSession, factor);
  const own = credentialFromJson(factor.credential);
  const sessionData = { challenge: asked.challenge, kind, session_id: inSession.session.id };
  return {
    kind,
    options:
      kind === 'create'
        ? creationOptions(asked, inSession.user, known, 'factor')
        : requestOptions(asked, own ? [own] : []),
    sessionData,
  };
}

/** The challenge is spent, whatever comes of it. @returns why it is not good */
export async function proveKey(
  { webAuthn }: Pick<AuthDependencies, 'webAuthn'>,
  rows: UserTransaction,
  project: AuthProject,
  inSession: InSession,
  { factor, challenge, answer }: { factor: Factor; challenge: Challenge; answer: KeyAnswer },
  now: Date,
): Promise<AuthError | undefined> {
  const party = requireParty(project);
  const known = await keysOf(rows, inSession, factor);
  await rows.factors.verifyChallenge(challenge.id, now);
  const asked = challenge.sessionData ?? {};
  if (asked['session_id'] !== inSession.session.id) return wrongKey();
  if (asked['kind'] !== answer.kind || answer.kind !== kindFor(factor)) return wrongKey();
  const ceremony = { party, challenge: String(asked['challenge']), userVerified: false };
  let credential: KeyCredential | undefined;
  if (answer.kind === 'create') {
    credential = await webAuthn.made(ceremony, answer.key);
    if (known.some(({ credentialId }) => credentialId === credential?.credentialId)) return wrongKey();
  } else {
    const own = credentialFromJson(factor.credential);
    const use = own && (await webAuthn.used(ceremony, answer.key, own));
    credential = use && { ...own, ...use };
  }
  if (!credential) return wrongKey();
  await rows.factors.update(factor.id, {
    credential: credentialToJson(credential),
    status: 'verified',
    updatedAt: now,
  });
  return undefined;
}

const kindFor = (factor: Factor): KeyAnswer['kind'] => (isVerified(factor) ? 'request' : 'create');

/**
 * Of the user's other factors. Whoever has one and has not shown it may make no key for a factor that waits for its first:
 * unlike the secret of an authenticator, nothing of it would be known to the one alone who began it.
 */
async function keysOf(
  rows: UserTransaction,
  { user, session }: InSession,
  factor: Factor,
): Promise<readonly KeyCredential[]> {
  const others = (await rows.factors.of([user.id])).filter(({ id }) => id !== factor.id);
  if (!isVerified(factor) && session.aal === 'aal1' && others.some(isVerified))
    throw new AuthError(403, 'insufficient_aal', 'AAL2 required to enroll a new factor');
  return others.flatMap(({ type, credential }) =>
    type === 'webauthn' ? (credentialFromJson(credential) ?? []) : [],
  );
}

const wrongKey = (): AuthError =>
  new AuthError(422, 'mfa_verification_failed', 'Invalid WebAuthn credential');
