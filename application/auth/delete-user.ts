/** The service key deletes a user: the row, or only what says who it was. */
import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { requireRow } from './admin-users.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';

type Deleters = Pick<AuthDependencies, 'directory' | 'codes' | 'clock'>;

/** @param isSoft the row stays, for what refers to it; its addresses are free. @throws {AuthError} 404 */
export async function deleteUser(
  deps: Deleters,
  project: AuthProject,
  { id, isSoft }: { readonly id: string; readonly isSoft: boolean },
  caller: AuthCaller,
): Promise<void> {
  const now = deps.clock.now();
  await deps.directory.with(
    project.id,
    async (rows) => {
      const user = await requireRow(rows, id, 'lock');
      if (isSoft && user.deletedAt !== null) return;
      await audit(rows, 'user_deleted', SERVICE_KEY, now, caller, affected(user));
      if (isSoft) await obscure(deps, rows, user, now);
      else await rows.users.delete(user.id);
    },
    caller,
  );
}

/** Nobody can tell any more who it was, and the hashes are of no use to anybody who guesses: they hold the user's id. */
async function obscure(
  { codes }: Pick<Deleters, 'codes'>,
  rows: UserTransaction,
  user: User,
  now: Date,
): Promise<void> {
  const hidden = (text: string | null) => (text ? codes.hashOf(user.id, text) : text);
  for (const identity of await rows.identities.of([user.id])) {
    await rows.identities.delete(identity.id);
    await rows.identities.put({
      ...identity,
      providerId: codes.hashOf(identity.provider, identity.providerId),
      data: {},
      updatedAt: now,
    });
  }
  for (const factor of await rows.factors.of([user.id])) await rows.factors.delete(factor.id);
  for (const passkey of await rows.passkeys.of(user.id)) await rows.passkeys.delete(passkey.id);
  await rows.sessions.endOf(user.id);
  await rows.oneTimeTokens.delete(user.id);
  await rows.users.update(user.id, {
    email: hidden(user.email),
    // the column takes 15 digits
    phone: hidden(user.phone)?.slice(0, 15) ?? null,
    passwordHash: null,
    emailChange: '',
    appMetadata: {},
    userMetadata: {},
    deletedAt: now,
    updatedAt: now,
  });
}
