/** Users change what is theirs: password, metadata, address. */
import { hasPassword, mergedMetadata, type JsonObject, type User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { requestEmailChange } from './email-change.ts';
import { isVerified } from './factors.ts';
import { requireGoodPassword } from './password-fault.ts';
import { personOf, type Person } from './person.ts';
import { requireNonce } from './reauthenticate.ts';
import { requireUser, type SignedIn } from './require-user.ts';
import type { MailOrder } from './mail-order.ts';

export interface UserChange extends MailOrder {
  /** in its one form */
  readonly email?: string | undefined;
  readonly password?: string | undefined;
  readonly currentPassword?: string | undefined;
  readonly nonce?: string | undefined;
  readonly data?: JsonObject | undefined;
}

const SESSION_IS_YOUNG_MS = 24 * 3_600_000;

/**
 * @throws {AuthError} 401 insufficient_aal; 400 reauthentication_needed, current_password_required, current_password_invalid,
 * validation_failed; 422 same_password, weak_password, email_exists, reauthentication_not_valid; 429; and as requireUser
 */
export async function updateUser(
  deps: AuthDependencies,
  project: AuthProject,
  shown: ShownToken,
  change: UserChange,
  caller: AuthCaller,
): Promise<Person> {
  const before = await deps.directory.with(
    project.id,
    async (rows) => {
      const signedIn = await requireUser(rows, shown, deps.clock.now());
      // before anything is said of a password
      await requireAssurance(rows, signedIn, change);
      return signedIn;
    },
    caller,
  );
  // outside of a transaction: it takes its time
  const passwordHash = await newHash(deps, project, before, change, caller);
  const person = await deps.directory.with(
    project.id,
    async (rows) => {
      const { user, session } = await requireUser(rows, shown, deps.clock.now(), 'lock');
      if (user.passwordHash !== before.user.passwordHash)
        throw new AuthError(409, 'conflict', 'The password was changed by another request');
      await requireAssurance(rows, { user, session }, change);
      let changed = user;
      if (change.data) changed = await withData(deps, rows, changed, change.data);
      if (passwordHash !== undefined) {
        if (needsNonce(project, session?.createdAt, deps.clock.now()))
          await requireNonce(deps, rows, project, user, change.nonce);
        changed = await withPassword(deps, rows, changed, passwordHash, session?.id);
        await audit(rows, 'user_updated_password', changed, deps.clock.now(), caller);
      }
      if (change.email !== undefined && change.email !== user.email)
        changed = await requestEmailChange(deps, rows, project, changed, change.email, change);
      await audit(rows, 'user_modified', changed, deps.clock.now(), caller);
      return personOf(rows, changed);
    },
    caller,
  );
  if (change.email !== undefined) deps.mailWaits(project);
  return person;
}

/** Of the new password, once it is known to be good. */
async function newHash(
  { passwords }: AuthDependencies,
  { id, settings }: AuthProject,
  { user }: SignedIn,
  { password, currentPassword, email }: UserChange,
  { ip }: AuthCaller,
): Promise<string | undefined> {
  if (password === undefined || password === '') return undefined;
  if (user.isAnonymous && email === undefined)
    throw invalid('Updating password of an anonymous user without an email or phone is not allowed');
  requireGoodPassword(password, settings.password);
  const asker = { project: id, address: ip };
  const hash = user.passwordHash ?? '';
  if (hasPassword(user)) {
    if (settings.password.needsCurrent && currentPassword === undefined)
      throw new AuthError(
        400,
        'current_password_required',
        'Current password required when setting new password.',
      );
    if (currentPassword !== undefined && !(await passwords.verify(hash, currentPassword, asker)))
      throw new AuthError(
        400,
        'current_password_invalid',
        'Current password required when setting new password.',
      );
    if (await passwords.verify(hash, password, asker))
      throw new AuthError(422, 'same_password', 'New password should be different from the old password.');
  }
  return passwords.hash(password, asker);
}

/** Who has a second factor changes what opens the account only after showing it. */
async function requireAssurance(
  rows: UserTransaction,
  { user, session }: SignedIn,
  { email, password }: UserChange,
): Promise<void> {
  if (email === undefined && password === undefined) return;
  const factors = await rows.factors.of([user.id]);
  if (factors.some(isVerified) && session?.aal !== 'aal2')
    throw new AuthError(
      401,
      'insufficient_aal',
      'AAL2 session is required to update email or password when MFA is enabled.',
    );
}

const needsNonce = ({ settings }: AuthProject, begun: Date | undefined, now: Date): boolean =>
  settings.password.reauthenticate &&
  (begun === undefined || now.getTime() - begun.getTime() > SESSION_IS_YOUNG_MS);

const withData = async (
  { clock }: AuthDependencies,
  rows: UserTransaction,
  user: User,
  data: JsonObject,
): Promise<User> =>
  (await rows.users.update(user.id, {
    userMetadata: mergedMetadata(user.userMetadata, data),
    updatedAt: clock.now(),
  })) ?? user;

/** Whoever else is signed in, and whatever was sent to them, goes. */
async function withPassword(
  { clock }: AuthDependencies,
  rows: UserTransaction,
  user: User,
  passwordHash: string,
  session: string | undefined,
): Promise<User> {
  await rows.sessions.endOf(user.id, session === undefined ? {} : { except: session });
  await rows.oneTimeTokens.delete(user.id);
  return (await rows.users.update(user.id, { passwordHash, updatedAt: clock.now() })) ?? user;
}
