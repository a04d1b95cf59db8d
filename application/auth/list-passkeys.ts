import type { Passkey } from '../../domain/auth/passkey.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { requireRow } from './admin-users.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { requirePasskeys } from './passkeys.ts';
import { requireUser } from './require-user.ts';

type Readers = Pick<AuthDependencies, 'directory' | 'clock'>;

/** Oldest first. @throws {AuthError} 403, 404 passkey_disabled */
export async function listPasskeys(
  { directory, clock }: Readers,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<readonly Passkey[]> {
  requirePasskeys(project);
  return directory.with(
    project.id,
    async (rows) => rows.passkeys.of((await requireUser(rows, shown, clock.now())).user.id),
    caller,
  );
}

/** By the service key. @throws {AuthError} 404 passkey_disabled, user_not_found */
export async function listPasskeysOf(
  { directory }: Pick<Readers, 'directory'>,
  project: AuthProject,
  userId: string,
  caller: AuthCaller,
): Promise<readonly Passkey[]> {
  requirePasskeys(project);
  return directory.with(
    project.id,
    async (rows) => rows.passkeys.of((await requireRow(rows, userId)).id),
    caller,
  );
}
