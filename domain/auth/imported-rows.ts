/** Rows of a dump of another such service, judged before any of them is written. */
import { normaliseEmail } from '../email-address.ts';
import { fromBase32 } from './base32.ts';
import { copyTime } from './copy-text.ts';
import { newUser } from './new-user.ts';
import { hashKind } from './password-hash.ts';
import { credentialFromJson } from './passkey.ts';
import { isUuid } from './uuid.ts';
import type { Factor, Identity, JsonObject, User } from './user.ts';

/** By the names of its columns; null is NULL. */
export type DumpRow = Readonly<Partial<Record<string, string | null>>>;

/** What is wrong with a row; shown with its line. */
export class ImportFault extends Error {}

/** There is nothing to do with it: why. */
export class ImportSkip extends Error {}

/** @throws {ImportFault} @throws {ImportSkip} */
export function importedUser(row: DumpRow): User {
  if (row['is_sso_user'] === 't') throw new ImportSkip('users of single sign-on');
  const createdAt = time(row, 'created_at') ?? new Date(0);
  return newUser(uuid(row, 'id'), createdAt, {
    aud: row['aud'] || 'authenticated',
    role: row['role'] || 'authenticated',
    email: emailOf(row),
    phone: row['phone'] || null,
    passwordHash: hashOf(row),
    emailConfirmedAt: time(row, 'email_confirmed_at'),
    phoneConfirmedAt: time(row, 'phone_confirmed_at'),
    invitedAt: time(row, 'invited_at'),
    confirmationSentAt: time(row, 'confirmation_sent_at'),
    recoverySentAt: time(row, 'recovery_sent_at'),
    lastSignInAt: time(row, 'last_sign_in_at'),
    appMetadata: object(row, 'raw_app_meta_data'),
    userMetadata: object(row, 'raw_user_meta_data'),
    updatedAt: time(row, 'updated_at') ?? createdAt,
    bannedUntil: time(row, 'banned_until'),
    deletedAt: time(row, 'deleted_at'),
    isAnonymous: row['is_anonymous'] === 't',
  });
}

/** @param idFor a UUID that is always the same for the same text: tables of before 2023 have none. @throws {ImportFault} */
export function importedIdentity(row: DumpRow, idFor: (text: string) => string): Identity {
  const provider = row['provider'];
  const providerId = row['provider_id'] ?? row['id'];
  if (!provider || !providerId) throw new ImportFault('an identity without its provider, or its id there');
  const createdAt = time(row, 'created_at') ?? new Date(0);
  return {
    id: row['provider_id'] ? uuid(row, 'id') : idFor(`${provider} ${providerId}`),
    userId: uuid(row, 'user_id'),
    provider,
    providerId,
    data: object(row, 'identity_data'),
    lastSignInAt: time(row, 'last_sign_in_at'),
    createdAt,
    updatedAt: time(row, 'updated_at') ?? createdAt,
  };
}

/** @throws {ImportFault} @throws {ImportSkip} */
export function importedFactor(row: DumpRow): Factor {
  if (row['status'] !== 'verified') throw new ImportSkip('second factors that were never used');
  const type = row['factor_type'];
  if (type !== 'totp' && type !== 'webauthn')
    throw new ImportSkip('second factors that are neither authenticators nor keys');
  const createdAt = time(row, 'created_at') ?? new Date(0);
  return {
    id: uuid(row, 'id'),
    userId: uuid(row, 'user_id'),
    type,
    status: 'verified',
    friendlyName: row['friendly_name'] || null,
    ...(type === 'totp' ? authenticator(row) : key(row)),
    lastChallengedAt: time(row, 'last_challenged_at'),
    createdAt,
    updatedAt: time(row, 'updated_at') ?? createdAt,
  };
}

function authenticator(row: DumpRow): Pick<Factor, 'secret' | 'credential'> {
  const secret = row['secret'] ?? '';
  if (!fromBase32(secret))
    throw new ImportFault('the secret of a second factor is not base32: it may be sealed');
  return { secret, credential: null };
}

function key(row: DumpRow): Pick<Factor, 'secret' | 'credential'> {
  const credential = object(row, 'web_authn_credential');
  if (!credentialFromJson(credential)) throw new ImportFault('a security key without its public key');
  return { secret: null, credential };
}

function uuid(row: DumpRow, column: string): string {
  const text = row[column] ?? '';
  if (isUuid(text)) return text.toLowerCase();
  throw new ImportFault(`${column} is no UUID`);
}

function time(row: DumpRow, column: string): Date | null {
  const text = row[column];
  if (!text) return null;
  const at = copyTime(text);
  if (at) return at;
  throw new ImportFault(`${column} is no time`);
}

function object(row: DumpRow, column: string): JsonObject {
  const text = row[column];
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // said below
  }
  throw new ImportFault(`${column} is no JSON object`);
}

/** As it is stored; of a deleted user a hash stands there, which is no address. */
function emailOf(row: DumpRow): string | null {
  const text = row['email'];
  if (!text) return null;
  if (row['deleted_at']) return text;
  const email = normaliseEmail(text);
  if (email !== undefined) return email;
  throw new ImportFault('email is no address');
}

function hashOf(row: DumpRow): string | null {
  const hash = row['encrypted_password'];
  if (!hash) return null;
  if (hashKind(hash) !== undefined) return hash;
  throw new ImportFault('encrypted_password is of no kind that is known: bcrypt, argon2 or fbscrypt');
}
