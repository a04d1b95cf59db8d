/** Passkeys: keys of a user's that they sign in with, and what is asked of an authenticator for one. */
import type { JsonObject } from './user.ts';

/** The public half of a key that an authenticator holds. Bytes are base64url. */
export interface KeyCredential {
  /** the authenticator's own name for it */
  readonly credentialId: string;
  /** COSE */
  readonly publicKey: string;
  /** how often it was used, as far as the authenticator counts */
  readonly signCount: number;
  /** how the authenticator is reached */
  readonly transports: readonly string[];
  /** which make of authenticator; null: it does not say */
  readonly aaguid: string | null;
  /** it may be copied to other devices, and it is */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

/** A row of `auth.webauthn_credentials`. */
export interface Passkey extends KeyCredential {
  readonly id: string;
  readonly userId: string;
  /** empty: none */
  readonly friendlyName: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A row of `auth.webauthn_challenges`: good once, until then. */
export interface PasskeyChallenge {
  readonly id: string;
  readonly kind: 'registration' | 'authentication';
  /** null: whoever has a passkey */
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly challenge: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export const MOST_PASSKEYS = 10;
export const CHALLENGE_BYTES = 32;
export const CHALLENGE_MS = 300_000;
export const LONGEST_PASSKEY_NAME = 120;

/** What an authenticator is given as the user's name for itself, and tells again at a sign-in. */
export const userHandleOf = (userId: string): string => base64url(userId.toLowerCase());

const base64url = (ascii: string): string =>
  btoa(ascii).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** As dumps have those of second factors, in `auth.mfa_factors.web_authn_credential`. */
export const credentialToJson = (credential: KeyCredential): JsonObject => ({
  id: toPadded(credential.credentialId),
  publicKey: toPadded(credential.publicKey),
  attestationType: 'none',
  transport: credential.transports,
  flags: {
    userPresent: true,
    userVerified: false,
    backupEligible: credential.backupEligible,
    backupState: credential.backedUp,
  },
  authenticator: {
    AAGUID: credential.aaguid === null ? '' : toPadded(bytesOfUuid(credential.aaguid)),
    signCount: credential.signCount,
    cloneWarning: false,
    attachment: '',
  },
});

/** @returns undefined: there is none that could be used */
export function credentialFromJson(json: JsonObject | null): KeyCredential | undefined {
  const [credentialId, publicKey] = [json?.['id'], json?.['publicKey']];
  if (!isText(credentialId) || !isText(publicKey)) return undefined;
  const [flags, authenticator] = [objectOf(json?.['flags']), objectOf(json?.['authenticator'])];
  const signCount = authenticator['signCount'];
  const transports = json?.['transport'];
  return {
    credentialId: fromPadded(credentialId),
    publicKey: fromPadded(publicKey),
    signCount: typeof signCount === 'number' ? signCount : 0,
    transports: Array.isArray(transports) ? transports.filter(isText) : [],
    aaguid: uuidOfBytes(authenticator['AAGUID']),
    backupEligible: flags['backupEligible'] === true,
    backedUp: flags['backupState'] === true,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

const toPadded = (text: string): string =>
  text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(text.length / 4) * 4, '=');
const fromPadded = (text: string): string =>
  text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const bytesOfUuid = (uuid: string): string =>
  base64url(
    (uuid.replaceAll('-', '').match(/../g) ?? [])
      .map((byte) => String.fromCharCode(Number.parseInt(byte, 16)))
      .join(''),
  );

function uuidOfBytes(base64: unknown): string | null {
  if (!isText(base64) || !/^[A-Za-z0-9+/]{22}==$/.test(base64)) return null;
  const hex = Array.from(atob(base64), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
