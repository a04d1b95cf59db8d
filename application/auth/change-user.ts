/** The service key changes a user. */
import {
  emailConfirmed,
  followedIdentity,
  phoneConfirmed,
  withProvider,
} from '../../domain/auth/new-user.ts';
import { mergedMetadata, type User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { judgeInput, passwordHashOf, type AdminUserInput, type JudgedInput } from './admin-user-input.ts';
import { requireRow } from './admin-users.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { throwTaken } from './create-user.ts';
import { requireGoodPassword } from './password-fault.ts';
import { personOf, type Person } from './person.ts';

type Changers = Pick<AuthDependencies, 'directory' | 'passwords' | 'clock' | 'ids'>;

/** @throws {AuthError} 400 validation_failed, 404 user_not_found, 422 email_exists, phone_exists, weak_password */
export async function changeUser(
  deps: Changers,
  project: AuthProject,
  id: string,
  given: AdminUserInput,
  caller: AuthCaller,
): Promise<Person> {
  const now = deps.clock.now();
  const input = judgeInput(given, now);
  if (given.password) requireGoodPassword(given.password, project.settings.password);
  // an unknown id is told before a hash is made for it
  await deps.directory.with(project.id, (rows) => requireRow(rows, id), caller);
  const passwordHash = await passwordHashOf(deps, given, { project: project.id, address: caller.ip });
  return deps.directory.with(
    project.id,
    async (rows) => {
      const before = await requireRow(rows, id, 'lock');
      const wanted = changed(before, input, now);
      const change = { ...wanted, ...(passwordHash !== undefined && { passwordHash }), updatedAt: now };
      const user =
        (await rows.users.update(before.id, change)) ?? (await throwTaken(rows, { ...before, ...wanted }));
      await followIdentities(deps, rows, user, input, now);
      if (passwordHash !== undefined) {
        await rows.sessions.endOf(user.id);
        await rows.oneTimeTokens.delete(user.id);
        await audit(rows, 'user_updated_password', user, now, caller);
      }
      await audit(rows, 'user_modified', SERVICE_KEY, now, caller, affected(user));
      return personOf(rows, user);
    },
    caller,
  );
}

function changed(before: User, input: JudgedInput, now: Date): Partial<Omit<User, 'id' | 'createdAt'>> {
  const addressed: User = {
    ...before,
    ...(input.aud !== undefined && { aud: input.aud }),
    ...(input.role !== undefined && { role: input.role }),
    // what was to be confirmed was another one
    ...(input.email !== undefined && { email: input.email, emailChange: '', emailChangeConfirmStatus: 0 }),
    ...(input.phone !== undefined && { phone: input.phone }),
    ...(input.bannedUntil !== undefined && { bannedUntil: input.bannedUntil }),
    appMetadata: mergedMetadata(providers(before, input), input.appMetadata),
    userMetadata: mergedMetadata(before.userMetadata, input.userMetadata),
  };
  const confirmsEmail = input.confirmsEmail && addressed.email !== null;
  const confirmsPhone = input.confirmsPhone && addressed.phone !== null;
  const {
    id: _,
    createdAt: __,
    ...change
  } = {
    ...addressed,
    ...(confirmsEmail && emailConfirmed(addressed, now)),
    ...(confirmsPhone && phoneConfirmed(addressed, now)),
  };
  return change;
}

const providers = ({ appMetadata }: User, { email, phone }: JudgedInput) => {
  const withEmail = email === undefined ? appMetadata : withProvider(appMetadata, 'email');
  return phone === undefined ? withEmail : withProvider(withEmail, 'phone');
};

/** The identity that an address is says what the user's row says. */
async function followIdentities(
  { ids }: Pick<Changers, 'ids'>,
  rows: UserTransaction,
  user: User,
  input: JudgedInput,
  now: Date,
): Promise<void> {
  const own = await rows.identities.of([user.id]);
  const follow = async (provider: 'email' | 'phone') => {
    const before = own.find((one) => one.provider === provider);
    await rows.identities.put(followedIdentity(before, ids.uuid(), provider, user, now));
  };
  if (input.email !== undefined || (input.confirmsEmail && user.email !== null)) await follow('email');
  if (input.phone !== undefined || (input.confirmsPhone && user.phone !== null)) await follow('phone');
}
