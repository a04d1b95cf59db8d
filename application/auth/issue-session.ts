/** Sessions, and the tokens that are given out for them. */
import { claimsOf } from '../../domain/auth/token-claims.ts';
import type { AuthMethod, ProvedMethod, Session, User } from '../../domain/auth/user.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { customClaims, type IssuedFor } from './custom-claims.ts';
import type { HookedRows } from './hooked.ts';
import { personOf, type Person } from './person.ts';

export interface IssuedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
  /** whole seconds since 1970 */
  readonly expiresAt: number;
  readonly sessionId: string;
  readonly person: Person;
  /** the password that was right no longer meets the rules: which ones */
  readonly weakPassword?: readonly string[];
  readonly providerToken?: string;
  readonly providerRefreshToken?: string;
}

type TokenIssuers = Pick<AuthDependencies, 'tokens'>;
type Issuers = TokenIssuers & Pick<AuthDependencies, 'codes' | 'ids'>;

const KEY_BYTES = 32;

/** A new session of somebody who has proved who they are. They are not banned: whoever calls has looked. */
export async function beginSession(
  deps: Issuers,
  rows: HookedRows,
  project: AuthProject,
  before: User,
  method: AuthMethod,
  caller: AuthCaller,
): Promise<IssuedSession> {
  const { now } = rows.hooks;
  const { maxSeconds, onePerUser } = project.settings.session;
  const session: Session = {
    id: rows.hooks.kept('session', () => deps.ids.uuid()),
    userId: before.id,
    createdAt: now,
    updatedAt: now,
    refreshedAt: null,
    notAfter: maxSeconds === null ? null : new Date(now.getTime() + maxSeconds * 1000),
    factorId: null,
    aal: 'aal1',
    userAgent: caller.userAgent,
    ip: caller.ip,
    refreshTokenCounter: 1,
    refreshTokenKey: deps.codes.randomText(KEY_BYTES),
  };
  const [user = before, person] = await Promise.all([
    rows.users.update(before.id, { lastSignInAt: now, updatedAt: now }),
    personOf(rows, before),
    onePerUser && rows.sessions.endOf(before.id),
    rows.sessions.insert(session),
    rows.sessions.prove(session.id, method, now),
  ]);
  const proved = { issuedFor: method, methods: [{ method, at: now }] };
  return issued(deps, rows, project, session, { ...person, user }, proved);
}

/** An access token, and the session's current refresh token. */
export async function issueTokens(
  deps: TokenIssuers,
  rows: HookedRows,
  project: AuthProject,
  session: Session,
  user: User,
  issuedFor: IssuedFor,
): Promise<IssuedSession> {
  const [methods, person] = await Promise.all([rows.sessions.methodsOf(session.id), personOf(rows, user)]);
  return issued(deps, rows, project, session, person, { issuedFor, methods });
}

async function issued(
  { tokens }: TokenIssuers,
  rows: HookedRows,
  project: AuthProject,
  session: Session,
  person: Person,
  { issuedFor, methods }: { readonly issuedFor: IssuedFor; readonly methods: readonly ProvedMethod[] },
): Promise<IssuedSession> {
  const { user } = person;
  const { accessTokenSeconds } = project.settings;
  // rounded down: another machine's clock may be behind ours
  const issuedAt = Math.floor(rows.hooks.now.getTime() / 1000);
  const claims = claimsOf({
    issuer: project.url,
    userId: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    phone: user.phone ?? '',
    appMetadata: user.appMetadata,
    userMetadata: user.userMetadata,
    aal: session.aal,
    methods,
    sessionId: session.id,
    isAnonymous: user.isAnonymous,
    issuedAt,
    expiresAt: issuedAt + accessTokenSeconds,
  });
  const custom = customClaims(rows, claims, issuedFor);
  return {
    accessToken: await tokens.sign(project.keys, custom),
    refreshToken: tokens.refreshToken(session, session.refreshTokenCounter),
    expiresInSeconds: custom.exp - issuedAt,
    expiresAt: custom.exp,
    sessionId: session.id,
    person,
  };
}
