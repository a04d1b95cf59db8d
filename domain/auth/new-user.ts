/** Rows as they begin, and what becomes of them when somebody's address is known to be theirs. */
import type { Identity, JsonObject, User } from './user.ts';

const NOBODY: Omit<User, 'id' | 'createdAt' | 'updatedAt'> = {
  aud: 'authenticated',
  role: 'authenticated',
  email: null,
  phone: null,
  passwordHash: null,
  emailConfirmedAt: null,
  phoneConfirmedAt: null,
  invitedAt: null,
  confirmationSentAt: null,
  recoverySentAt: null,
  emailChange: '',
  emailChangeSentAt: null,
  emailChangeConfirmStatus: 0,
  reauthenticationSentAt: null,
  lastSignInAt: null,
  appMetadata: {},
  userMetadata: {},
  bannedUntil: null,
  deletedAt: null,
  isAnonymous: false,
};

export const newUser = (id: string, now: Date, given: Partial<Omit<User, 'id'>>): User => ({
  ...NOBODY,
  createdAt: now,
  updatedAt: now,
  ...given,
  id,
});

/** An address of the user's own, as a way by which they are known. */
export const ownIdentity = (
  id: string,
  provider: 'email' | 'phone',
  user: Pick<User, 'id' | 'email' | 'phone' | 'emailConfirmedAt' | 'phoneConfirmedAt'>,
  now: Date,
): Identity => ({
  id,
  userId: user.id,
  provider,
  providerId: user.id,
  data: {
    sub: user.id,
    ...(provider === 'email' ? { email: user.email } : { phone: user.phone }),
    email_verified: provider === 'email' && user.emailConfirmedAt !== null,
    phone_verified: provider === 'phone' && user.phoneConfirmedAt !== null,
  },
  lastSignInAt: null,
  createdAt: now,
  updatedAt: now,
});

/** The identity that an address is, when it says what the user's row says now. @param before undefined: there is none yet */
export function followedIdentity(
  before: Identity | undefined,
  newId: string,
  provider: 'email' | 'phone',
  user: Parameters<typeof ownIdentity>[2],
  now: Date,
): Identity {
  const own = ownIdentity(newId, provider, user, now);
  return before ? { ...before, data: { ...before.data, ...own.data }, updatedAt: now } : own;
}

/** Who is known by an address, and has not shown yet that it is theirs. */
export const newEmailUser = (
  id: string,
  now: Date,
  given: Partial<Omit<User, 'id'>> & { readonly email: string },
): User => newUser(id, now, { appMetadata: withProvider({}, 'email'), ...given });

/** The first one is who they are known by. */
export function withProvider(appMetadata: JsonObject, provider: string): JsonObject {
  const before = appMetadata['providers'];
  const providers = Array.isArray(before) ? (before as readonly unknown[]) : [];
  return {
    ...appMetadata,
    provider: appMetadata['provider'] ?? provider,
    providers: providers.includes(provider) ? providers : [...providers, provider],
  };
}

export function withoutProvider(appMetadata: JsonObject, provider: string): JsonObject {
  const before = appMetadata['providers'];
  const providers = (Array.isArray(before) ? (before as readonly unknown[]) : []).filter(
    (one) => one !== provider,
  );
  const { provider: first, ...rest } = appMetadata;
  const known = first === provider ? providers[0] : first;
  return { ...rest, ...(known !== undefined && { provider: known }), providers };
}

/** Somebody whose address is theirs is not anonymous. A time that stands there stays. */
export const emailConfirmed = (
  user: Pick<User, 'emailConfirmedAt' | 'userMetadata'>,
  now: Date,
): Pick<User, 'emailConfirmedAt' | 'userMetadata' | 'isAnonymous'> => ({
  emailConfirmedAt: user.emailConfirmedAt ?? now,
  userMetadata: { ...user.userMetadata, email_verified: true },
  isAnonymous: false,
});

export const phoneConfirmed = (
  user: Pick<User, 'phoneConfirmedAt'>,
  now: Date,
): Pick<User, 'phoneConfirmedAt' | 'isAnonymous'> => ({
  phoneConfirmedAt: user.phoneConfirmedAt ?? now,
  isAnonymous: false,
});
