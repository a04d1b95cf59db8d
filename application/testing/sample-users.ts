/** Rows of a project's users, for tests. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Passkey } from '../../domain/auth/passkey.ts';
import type { Factor, Flow, OneTimeToken, Session, User } from '../../domain/auth/user.ts';

export const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute, 0, 123));

export const aUser = (change: Partial<User> = {}): User => {
  const id = change.id ?? randomUUID();
  return {
    id,
    aud: 'authenticated',
    role: 'authenticated',
    email: `${id}@users.example`,
    phone: null,
    passwordHash: '$argon2id$',
    emailConfirmedAt: at(1),
    phoneConfirmedAt: null,
    invitedAt: null,
    confirmationSentAt: at(0),
    recoverySentAt: null,
    emailChange: '',
    emailChangeSentAt: null,
    emailChangeConfirmStatus: 0,
    reauthenticationSentAt: null,
    lastSignInAt: at(2),
    appMetadata: { provider: 'email', providers: ['email'] },
    userMetadata: { full_name: 'Zoë "Z" O\'Neil', list: [1, { a: null }] },
    createdAt: at(0),
    updatedAt: at(3),
    bannedUntil: null,
    deletedAt: null,
    isAnonymous: false,
    ...change,
  };
};
export const aSession = (userId: string, change: Partial<Session> = {}): Session => ({
  id: randomUUID(),
  userId,
  createdAt: at(0),
  updatedAt: at(1),
  refreshedAt: at(2),
  notAfter: null,
  factorId: null,
  aal: 'aal1',
  userAgent: 'a browser',
  ip: '2001:db8::1',
  refreshTokenCounter: 3,
  refreshTokenKey: 'key',
  ...change,
});
export const aToken = (userId: string, change: Partial<OneTimeToken> = {}): OneTimeToken => ({
  userId,
  type: 'recovery_token',
  hash: randomUUID(),
  relatesTo: 'a@b.example',
  createdAt: at(5),
  ...change,
});
export const aFactor = (userId: string, change: Partial<Factor> = {}): Factor => ({
  id: randomUUID(),
  userId,
  type: 'totp',
  status: 'unverified',
  friendlyName: null,
  secret: 'sealed',
  credential: null,
  lastChallengedAt: null,
  createdAt: at(1),
  updatedAt: at(1),
  ...change,
});
export const aFlow = (change: Partial<Flow> = {}): Flow => ({
  id: randomUUID(),
  userId: null,
  authCode: randomUUID(),
  codeChallenge: 'c'.repeat(43),
  codeChallengeMethod: 's256',
  providerType: 'email',
  method: 'magiclink',
  createdAt: at(1),
  authCodeIssuedAt: null,
  providerAccessToken: null,
  providerRefreshToken: null,
  redirectTo: null,
  linkingTargetId: null,
  identityData: null,
  ...change,
});
export const aPasskey = (userId: string, change: Partial<Passkey> = {}): Passkey => ({
  id: randomUUID(),
  userId,
  credentialId: randomBytes(32).toString('base64url'),
  publicKey: randomBytes(77).toString('base64url'),
  signCount: 3_000_000_000,
  transports: ['internal', 'hybrid'],
  aaguid: randomUUID(),
  backupEligible: true,
  backedUp: true,
  friendlyName: 'Zoë’s phone',
  createdAt: at(1),
  updatedAt: at(2),
  lastUsedAt: null,
  ...change,
});
