import type { ShownToken } from '../ports/user-tokens.ts';
import { requireRow } from './admin-users.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { noSuchPasskey, requireMayChange, requirePasskeys } from './passkeys.ts';

type Deleters = Pick<AuthDependencies, 'directory' | 'clock'>;

/** Sessions that it began go on. @throws {AuthError} 403, 404 passkey_disabled, webauthn_credential_not_found */
export async function deletePasskey(
  { directory, clock }: Deleters,
  project: AuthProject,
  id: string,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<void> {
  requirePasskeys(project);
  const now = clock.now();
  await directory.with(
    project.id,
    async (rows) => {
      const { user } = await requireMayChange(rows, shown, now);
      const passkey = await rows.passkeys.byId(id, 'lock');
      if (passkey?.userId !== user.id) throw noSuchPasskey();
      await rows.passkeys.delete(id);
      await audit(rows, 'passkey_deleted', user, now, caller, { passkey_id: passkey.id });
    },
    caller,
  );
}

/** By the service key. @throws {AuthError} 404 passkey_disabled, user_not_found, webauthn_credential_not_found */
export async function deletePasskeyOf(
  { directory, clock }: Deleters,
  project: AuthProject,
  { userId, id }: { readonly userId: string; readonly id: string },
  caller: AuthCaller,
): Promise<void> {
  requirePasskeys(project);
  await directory.with(
    project.id,
    async (rows) => {
      const user = await requireRow(rows, userId, 'lock');
      const passkey = await rows.passkeys.byId(id, 'lock');
      if (passkey?.userId !== user.id) throw noSuchPasskey();
      await rows.passkeys.delete(id);
      const traits = { ...affected(user), passkey_id: passkey.id };
      await audit(rows, 'passkey_deleted', SERVICE_KEY, clock.now(), caller, traits);
    },
    caller,
  );
}
