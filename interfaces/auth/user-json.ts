/** Users and sessions as the client library reads them. */
import type { IssuedSession } from '../../application/auth/issue-session.ts';
import type { Person } from '../../application/auth/person.ts';
import type { Factor, Identity, Session } from '../../domain/auth/user.ts';

const time = (at: Date | null): string | undefined => at?.toISOString();
/** What is not set is left out. */
const some = (text: string | null): string | undefined => (text === null || text === '' ? undefined : text);

export function userJson({ user, identities, factors }: Person): object {
  const confirmed = [user.emailConfirmedAt, user.phoneConfirmedAt].filter((at) => at !== null);
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    email_confirmed_at: time(user.emailConfirmedAt),
    phone: user.phone ?? '',
    phone_confirmed_at: time(user.phoneConfirmedAt),
    confirmed_at: time(confirmed.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null),
    invited_at: time(user.invitedAt),
    confirmation_sent_at: time(user.confirmationSentAt),
    recovery_sent_at: time(user.recoverySentAt),
    new_email: some(user.emailChange),
    email_change_sent_at: time(user.emailChangeSentAt),
    reauthentication_sent_at: time(user.reauthenticationSentAt),
    last_sign_in_at: time(user.lastSignInAt),
    app_metadata: user.appMetadata,
    user_metadata: user.userMetadata,
    factors: factors.length === 0 ? undefined : factors.map(factorJson),
    identities: identities.map(identityJson),
    created_at: time(user.createdAt),
    updated_at: time(user.updatedAt),
    banned_until: time(user.bannedUntil),
    deleted_at: time(user.deletedAt),
    is_anonymous: user.isAnonymous,
  };
}

/** The client has the names of the two ids the other way round than the table. */
const identityJson = (identity: Identity): object => ({
  identity_id: identity.id,
  id: identity.providerId,
  user_id: identity.userId,
  identity_data: identity.data,
  provider: identity.provider,
  last_sign_in_at: time(identity.lastSignInAt),
  created_at: time(identity.createdAt),
  updated_at: time(identity.updatedAt),
  email: typeof identity.data['email'] === 'string' ? identity.data['email'] : undefined,
});

export const factorJson = (factor: Factor): object => ({
  id: factor.id,
  created_at: time(factor.createdAt),
  updated_at: time(factor.updatedAt),
  status: factor.status,
  friendly_name: some(factor.friendlyName),
  factor_type: factor.type,
  last_challenged_at: time(factor.lastChallengedAt),
});

/** As whoever looks after users sees it: nothing that would continue it. */
export const sessionRowJson = (session: Session): object => ({
  id: session.id,
  created_at: time(session.createdAt),
  refreshed_at: time(session.refreshedAt),
  not_after: time(session.notAfter),
  aal: session.aal,
  user_agent: some(session.userAgent),
  ip: some(session.ip),
});

const sessionJson = (issued: IssuedSession): object => ({
  access_token: issued.accessToken,
  token_type: 'bearer',
  expires_in: issued.expiresInSeconds,
  expires_at: issued.expiresAt,
  refresh_token: issued.refreshToken,
  user: userJson(issued.person),
  weak_password: issued.weakPassword && {
    message: 'Password is known to be weak and easy to guess, please choose a different one.',
    reasons: issued.weakPassword,
  },
  provider_token: issued.providerToken,
  provider_refresh_token: issued.providerRefreshToken,
});

export const sessionReply = (issued: IssuedSession) => ({
  status: 200,
  headers: { 'sb-auth-user-id': issued.person.user.id, 'sb-auth-session-id': issued.sessionId },
  body: sessionJson(issued),
});
