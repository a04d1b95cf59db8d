/** What the service key may say of a user, judged before anything is done. */
import { goDurationMs } from '../../domain/auth/go-duration.ts';
import { hashKind } from '../../domain/auth/password-hash.ts';
import { isTooLong } from '../../domain/auth/password-rules.ts';
import { normalisePhone } from '../../domain/auth/phone-number.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import type { JsonObject } from '../../domain/auth/user.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import { invalid } from './auth-error.ts';
import { requireEmail } from './require-email.ts';

/** As it came; what is absent or empty says nothing. */
export interface AdminUserInput {
  readonly id?: string | undefined;
  readonly aud?: string | undefined;
  readonly role?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly emailConfirm?: boolean | undefined;
  readonly phoneConfirm?: boolean | undefined;
  readonly userMetadata?: JsonObject | undefined;
  readonly appMetadata?: JsonObject | undefined;
  readonly banDuration?: string | undefined;
}

export interface JudgedInput {
  readonly id: string | undefined;
  readonly aud: string | undefined;
  readonly role: string | undefined;
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly confirmsEmail: boolean;
  readonly confirmsPhone: boolean;
  readonly userMetadata: JsonObject;
  readonly appMetadata: JsonObject;
  /** undefined: it stays as it is; null: there is none */
  readonly bannedUntil: Date | null | undefined;
}

const LONGEST_NAME = 255;

/** @throws {AuthError} 400 validation_failed */
export function judgeInput(given: AdminUserInput, now: Date): JudgedInput {
  const email = given.email ? requireEmail(given.email) : undefined;
  const phone = given.phone ? normalisePhone(given.phone) : undefined;
  if (given.phone && phone === undefined) throw invalid('Invalid phone number format (E.164 required)');
  if (given.id && !isUuid(given.id)) throw invalid('ID must conform to the uuid v4 format');
  if (given.id && /^[0-]*$/.test(given.id)) throw invalid('ID cannot be a nil uuid');
  for (const [name, text] of Object.entries({ role: given.role, aud: given.aud }))
    if (text !== undefined && text.length > LONGEST_NAME) throw invalid(`${name} is too long`);
  return {
    id: given.id?.toLowerCase() || undefined,
    aud: given.aud || undefined,
    role: given.role || undefined,
    email,
    phone,
    confirmsEmail: given.emailConfirm === true,
    confirmsPhone: given.phoneConfirm === true,
    userMetadata: given.userMetadata ?? {},
    appMetadata: given.appMetadata ?? {},
    bannedUntil: bannedUntil(given.banDuration, now),
  };
}

function bannedUntil(duration: string | undefined, now: Date): Date | null | undefined {
  if (!duration) return undefined;
  if (duration === 'none') return null;
  const ms = goDurationMs(duration);
  if (ms === undefined) throw invalid('invalid format for ban duration: give one such as 24h, or none');
  return ms > 0 ? new Date(now.getTime() + ms) : null;
}

/** undefined: there is none in it. @throws {AuthError} 400 validation_failed @throws {Unavailable} */
export async function passwordHashOf(
  { passwords }: Pick<AuthDependencies, 'passwords'>,
  { password, passwordHash }: AdminUserInput,
  asker: Parameters<AuthDependencies['passwords']['hash']>[1],
): Promise<string | undefined> {
  if (password && passwordHash) throw invalid('Only a password or a password hash should be provided');
  if (passwordHash) {
    if (hashKind(passwordHash) === undefined)
      throw invalid(
        'password_hash is of no kind that is known: bcrypt, argon2 or fbscrypt, within our bounds',
      );
    return passwordHash;
  }
  if (!password) return undefined;
  if (isTooLong(password)) throw invalid('Password cannot be longer than 72 bytes');
  return passwords.hash(password, asker);
}
