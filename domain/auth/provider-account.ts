/** Who somebody is at a provider, of what it says of them. It is whoever the owner trusts, and still no more than text. */
import { normaliseEmail } from '../email-address.ts';
import type { JsonObject } from './user.ts';

export interface ProviderAccount {
  readonly provider: string;
  /** who they are there, for ever */
  readonly id: string;
  /** in its one form; null: none that is an address */
  readonly email: string | null;
  /** the provider vouches for it */
  readonly emailVerified: boolean;
  /** what a user's identity holds, by the names that clients know */
  readonly data: JsonObject;
}

const MOST = 2_048;
const LONGEST_ID = 255;

/** undefined: it names nobody */
export function accountOf(provider: string, issuer: string, claims: JsonObject): ProviderAccount | undefined {
  const id = textOf(claims['sub']);
  if (id === undefined || id.length > LONGEST_ID) return undefined;
  const email = normaliseEmail(textOf(claims['email']) ?? '') ?? null;
  const emailVerified = email !== null && isYes(claims['email_verified']);
  const name = textOf(claims['name']);
  const picture = textOf(claims['picture']);
  const userName = textOf(claims['preferred_username']);
  const data = {
    iss: issuer,
    sub: id,
    provider_id: id,
    ...(email !== null && { email }),
    email_verified: emailVerified,
    phone_verified: false,
    ...(name !== undefined && { name, full_name: name }),
    ...(picture !== undefined && { picture, avatar_url: picture }),
    ...(userName !== undefined && { preferred_username: userName, user_name: userName }),
  };
  return { provider, id, email, emailVerified, data };
}

/** Some say it as text. What is not said is no. */
const isYes = (claim: unknown): boolean => claim === true || claim === 'true';

/** PostgreSQL's text has no NUL, and UTF-8 no half of a character. */
const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' &&
  claim !== '' &&
  claim.length <= MOST &&
  !claim.includes('\0') &&
  claim.isWellFormed()
    ? claim
    : undefined;
