/** The service key makes a user: no mail goes out, and closed sign-ups do not matter. */
import {
  emailConfirmed,
  newUser,
  ownIdentity,
  phoneConfirmed,
  withProvider,
} from '../../domain/auth/new-user.ts';
import { mergedMetadata, type User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { judgeInput, passwordHashOf, type AdminUserInput, type JudgedInput } from './admin-user-input.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, emailTaken, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { personOf, type Person } from './person.ts';

/** @throws {AuthError} 400 validation_failed, 422 email_exists, phone_exists, user_already_exists */
export async function createUser(
  deps: Pick<AuthDependencies, 'directory' | 'passwords' | 'clock' | 'ids'>,
  project: AuthProject,
  given: AdminUserInput,
  caller: AuthCaller,
): Promise<Person> {
  const now = deps.clock.now();
  const input = judgeInput(given, now);
  if (input.email === undefined && input.phone === undefined)
    throw invalid('Cannot create a user without either an email or phone');
  const passwordHash = await passwordHashOf(deps, given, { project: project.id, address: caller.ip });
  const user = userOf(deps, input, passwordHash ?? null, now);
  return deps.directory.with(
    project.id,
    async (rows) => {
      const made = (await rows.users.insert(user)) ?? (await throwTaken(rows, user));
      for (const provider of providersOf(user)) {
        await rows.identities.put(ownIdentity(deps.ids.uuid(), provider, made, now));
      }
      const traits = { ...affected(made), provider: providersOf(user)[0] };
      await audit(rows, 'user_signedup', SERVICE_KEY, now, caller, traits);
      return personOf(rows, made);
    },
    caller,
  );
}

function userOf(
  { ids }: Pick<AuthDependencies, 'ids'>,
  input: JudgedInput,
  passwordHash: string | null,
  now: Date,
): User {
  const [email, phone] = [input.email ?? null, input.phone ?? null];
  const providers = providersOf({ email, phone }).reduce(withProvider, {});
  const user = newUser(input.id ?? ids.uuid(), now, {
    email,
    phone,
    passwordHash,
    ...(input.aud !== undefined && { aud: input.aud }),
    ...(input.role !== undefined && { role: input.role }),
    appMetadata: mergedMetadata(providers, input.appMetadata),
    userMetadata: mergedMetadata({}, input.userMetadata),
    bannedUntil: input.bannedUntil ?? null,
  });
  return {
    ...user,
    ...(input.confirmsEmail && email !== null && emailConfirmed(user, now)),
    ...(input.confirmsPhone && phone !== null && phoneConfirmed(user, now)),
  };
}

const providersOf = ({ email, phone }: Pick<User, 'email' | 'phone'>) => [
  ...(email === null ? [] : (['email'] as const)),
  ...(phone === null ? [] : (['phone'] as const)),
];

/** Which of what has to be one's own is somebody else's. @throws {AuthError} 422, always */
export async function throwTaken(
  rows: UserTransaction,
  { id, email, phone }: Pick<User, 'id' | 'email' | 'phone'>,
): Promise<never> {
  if (email !== null && ((await rows.users.byEmail(email))?.id ?? id) !== id) throw emailTaken();
  if (phone !== null && ((await rows.users.byPhone(phone))?.id ?? id) !== id)
    throw new AuthError(422, 'phone_exists', 'A user with this phone number has already been registered');
  throw new AuthError(422, 'user_already_exists', 'A user with this id has already been registered');
}
