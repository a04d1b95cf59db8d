/** What a project's users are: the rows of its schema `auth`, in words of ours. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** A row of `auth.users`. Rows that others wrote may lack whatever may be null. */
export interface User {
  readonly id: string;
  readonly aud: string;
  /** PostgreSQL's role that a token of theirs asks for */
  readonly role: string;
  /** lower case */
  readonly email: string | null;
  readonly phone: string | null;
  /** null or empty: they have none */
  readonly passwordHash: string | null;
  readonly emailConfirmedAt: Date | null;
  readonly phoneConfirmedAt: Date | null;
  readonly invitedAt: Date | null;
  readonly confirmationSentAt: Date | null;
  readonly recoverySentAt: Date | null;
  /** the address that they want instead; empty: none */
  readonly emailChange: string;
  readonly emailChangeSentAt: Date | null;
  /** how many of the two addresses have agreed */
  readonly emailChangeConfirmStatus: number;
  readonly reauthenticationSentAt: Date | null;
  readonly lastSignInAt: Date | null;
  readonly appMetadata: JsonObject;
  readonly userMetadata: JsonObject;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly bannedUntil: Date | null;
  readonly deletedAt: Date | null;
  readonly isAnonymous: boolean;
}

/** A row of `auth.identities`: one way by which somebody is known. */
export interface Identity {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  /** who they are there; for `email` the user's own id */
  readonly providerId: string;
  readonly data: JsonObject;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type AssuranceLevel = 'aal1' | 'aal2' | 'aal3';

/** A row of `auth.sessions`. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** of its tokens; null: never */
  readonly refreshedAt: Date | null;
  readonly notAfter: Date | null;
  readonly factorId: string | null;
  readonly aal: AssuranceLevel;
  readonly userAgent: string | null;
  readonly ip: string | null;
  /** which refresh token is the current one */
  readonly refreshTokenCounter: number;
  /** signs the session's refresh tokens; 32 bytes in base64url */
  readonly refreshTokenKey: string;
}

/** How somebody has proved who they are, in the claim `amr` of their tokens. */
export type AuthMethod =
  | 'password'
  | 'otp'
  | 'oauth'
  | 'totp'
  | 'recovery'
  | 'invite'
  | 'magiclink'
  | 'email/signup'
  | 'email_change'
  | 'anonymous'
  | 'mfa/webauthn'
  | 'passkey'
  | 'recovery_code';

export interface ProvedMethod {
  readonly method: AuthMethod;
  readonly at: Date;
}

export type OneTimeTokenType =
  | 'confirmation_token'
  | 'recovery_token'
  | 'reauthentication_token'
  | 'email_change_token_new'
  | 'email_change_token_current';

/** A row of `auth.one_time_tokens`: a user has one of a type at most. */
export interface OneTimeToken {
  readonly userId: string;
  readonly type: OneTimeTokenType;
  /** see one-time-code.ts; with `pkce_` before it when whoever asked gave a challenge */
  readonly hash: string;
  /** the address that it was sent to */
  readonly relatesTo: string;
  readonly createdAt: Date;
}

export type FactorType = 'totp' | 'phone' | 'webauthn' | 'recovery_code';

/** A row of `auth.mfa_factors`. */
export interface Factor {
  readonly id: string;
  readonly userId: string;
  readonly type: FactorType;
  readonly status: 'unverified' | 'verified';
  readonly friendlyName: string | null;
  /** base32 (docs/decisions: secrets of second factors) */
  readonly secret: string | null;
  /** of WebAuthn: the credential; of the others: what is remembered of them (totp.ts, recovery-codes.ts) */
  readonly credential: JsonObject | null;
  readonly lastChallengedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of `auth.mfa_challenges`. */
export interface Challenge {
  readonly id: string;
  readonly factorId: string;
  readonly createdAt: Date;
  readonly verifiedAt: Date | null;
  readonly ip: string;
  readonly sessionData: JsonObject | null;
}

/** A row of `auth.flow_state`: somebody began to sign in, and is to come back: from a provider, or with a verifier of PKCE. */
export interface Flow {
  readonly id: string;
  /** null: nobody knows yet who it is */
  readonly userId: string | null;
  /** until a provider has answered: what ties it to the browser that began it. No UUID, so it opens nothing here. */
  readonly authCode: string;
  /** empty: they have none, and are sent back with a session */
  readonly codeChallenge: string;
  readonly codeChallengeMethod: 's256' | 'plain';
  /** `email`, or the provider's name */
  readonly providerType: string;
  readonly method: AuthMethod;
  readonly createdAt: Date;
  readonly authCodeIssuedAt: Date | null;
  readonly providerAccessToken: string | null;
  readonly providerRefreshToken: string | null;
  /** where they are sent back to from a provider */
  readonly redirectTo?: string | null;
  /** whose account the provider's is to be added to */
  readonly linkingTargetId?: string | null;
  /** of the identity that is added when the verifier is shown */
  readonly identityData?: JsonObject | null;
}

export const hasPassword = ({ passwordHash }: Pick<User, 'passwordHash'>): boolean =>
  passwordHash !== null && passwordHash !== '';

export const isConfirmed = ({ emailConfirmedAt, phoneConfirmedAt }: User): boolean =>
  emailConfirmedAt !== null || phoneConfirmedAt !== null;

export const isBanned = ({ bannedUntil }: Pick<User, 'bannedUntil'>, now: Date): boolean =>
  bannedUntil !== null && bannedUntil > now;

/** Key by key; a null takes the key away. */
export function mergedMetadata(before: JsonObject, change: JsonObject | null | undefined): JsonObject {
  const all = Object.entries({ ...before, ...change });
  return Object.fromEntries(all.filter(([key, value]) => value !== null || !(change && key in change)));
}
