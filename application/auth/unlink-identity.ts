import { withoutProvider } from '../../domain/auth/new-user.ts';
import type { Identity, JsonObject, User } from '../../domain/auth/user.ts';
import { normaliseEmail } from '../../domain/email-address.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { requireUser } from './require-user.ts';

/** One of the ways by which somebody is known goes; the last one stays. @throws {AuthError} 404, 422 */
export async function unlinkIdentity(
  { directory, clock }: Pick<AuthDependencies, 'directory' | 'clock'>,
  project: AuthProject,
  identityId: string,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<void> {
  const now = clock.now();
  await directory.with(
    project.id,
    async (rows) => {
      const { user } = await requireUser(rows, shown, now, 'lock');
      const identities = await rows.identities.of([user.id]);
      const identity = identities.find(({ id }) => id === identityId.toLowerCase());
      if (!identity) throw new AuthError(404, 'identity_not_found', "Identity doesn't exist");
      if (identities.length === 1)
        throw new AuthError(
          422,
          'single_identity_not_deletable',
          'User must have at least 1 identity after unlinking',
        );
      await rows.identities.delete(identity.id);
      const left = identities.filter(({ id }) => id !== identity.id);
      const change = withoutIdentity(user, identity, left);
      // somebody else may have the address that the rest of them name
      if (!(await rows.users.update(user.id, { ...change, updatedAt: now })))
        await rows.users.update(user.id, { ...change, email: null, emailConfirmedAt: null, updatedAt: now });
      await audit(rows, 'identity_unlinked', user, now, caller, {
        identity_id: identity.id,
        provider: identity.provider,
        provider_id: identity.providerId,
      });
    },
    caller,
  );
}

/** An address that none of the others names is no longer theirs: whoever has it later is not them. */
function withoutIdentity(
  user: User,
  gone: Identity,
  left: readonly Identity[],
): Partial<Omit<User, 'id' | 'createdAt'>> {
  const isLast = left.every(({ provider }) => provider !== gone.provider);
  const named = left.map(({ data }) => emailOf(data)).filter((email) => email !== undefined);
  const keeps = user.email === null || named.includes(user.email);
  const email = named[0] ?? null;
  const isVerified = left.some(({ data }) => emailOf(data) === email && data['email_verified'] === true);
  return {
    ...(isLast && { appMetadata: withoutProvider(user.appMetadata, gone.provider) }),
    ...(isLast && gone.provider === 'phone' && { phone: null, phoneConfirmedAt: null }),
    ...(!keeps && { email, emailConfirmedAt: isVerified ? user.emailConfirmedAt : null }),
  };
}

const emailOf = ({ email }: JsonObject): string | undefined =>
  typeof email === 'string' ? normaliseEmail(email) : undefined;
