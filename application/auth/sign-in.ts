/** Somebody signs in with an address and a password. */
import { isBanned, isConfirmed, type User } from '../../domain/auth/user.ts';
import { passwordFaults } from '../../domain/auth/password-rules.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { hooked } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';

export interface Credentials {
  /** in its one form */
  readonly email: string;
  readonly password: string;
}

/** The same for a wrong password, no such user, and one without a password. */
const wrong = () => new AuthError(400, 'invalid_credentials', 'Invalid login credentials');

/**
 * @throws {AuthError} 400 invalid_credentials, email_not_confirmed, user_banned; 422 email_provider_disabled
 * @throws {RateLimited} too many wrong passwords for this account from this address
 */
export async function signInWithPassword(
  deps: AuthDependencies,
  project: AuthProject,
  { email, password }: Credentials,
  caller: AuthCaller,
): Promise<IssuedSession> {
  const { settings } = project;
  if (!settings.emailSignIns)
    throw new AuthError(422, 'email_provider_disabled', 'Email logins are disabled');
  const found = await deps.directory.with(project.id, (rows) => rows.users.byEmail(email), caller);
  const asker = { project: project.id, address: caller.ip };
  const hash = found?.passwordHash || undefined;
  // outside of a transaction: it takes its time, and sessions of the database are few
  const compare = async () => ((await deps.passwords.verify(hash, password, asker)) ? true : undefined);
  const who = { account: `${project.id} ${email}`, address: caller.ip ?? 'unknown' };
  const { outcome } = await deps.rates.attempt(who, compare);
  if (outcome !== 'right' || !found || hash === undefined) throw wrong();
  const newHash = deps.passwords.isOutdated(hash) ? await deps.passwords.hash(password, asker) : undefined;
  const reasons = passwordFaults(password, settings.password);
  const issued = await hooked(deps, project, caller, async (rows) => {
    const user = await rows.users.byId(found.id, 'lock');
    // changed while it was compared
    if (!user || user.passwordHash !== hash) throw wrong();
    requireWelcome(user, deps.clock.now());
    const [session] = await Promise.all([
      beginSession(deps, rows, project, user, 'password', caller),
      newHash !== undefined && rows.users.update(user.id, { passwordHash: newHash }),
      audit(rows, 'login', user, deps.clock.now(), caller, { provider: 'email' }),
    ]);
    return session;
  });
  return reasons.length === 0 ? issued : { ...issued, weakPassword: reasons };
}

/** Told only to somebody who has shown who they are. */
function requireWelcome(user: User, now: Date): void {
  if (user.deletedAt !== null) throw wrong();
  if (isBanned(user, now)) throw new AuthError(400, 'user_banned', 'User is banned');
  if (!isConfirmed(user)) throw new AuthError(400, 'email_not_confirmed', 'Email not confirmed');
}
