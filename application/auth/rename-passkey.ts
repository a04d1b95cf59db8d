import { LONGEST_PASSKEY_NAME, type Passkey } from '../../domain/auth/passkey.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { noSuchPasskey, requirePasskeys } from './passkeys.ts';
import { requireUser } from './require-user.ts';

/** @throws {AuthError} 400, 403, 404 passkey_disabled, webauthn_credential_not_found */
export async function renamePasskey(
  { directory, clock }: Pick<AuthDependencies, 'directory' | 'clock'>,
  project: AuthProject,
  { id, friendlyName }: { readonly id: string; readonly friendlyName: string },
  shown: ShownToken,
  caller: AuthCaller,
): Promise<Passkey> {
  requirePasskeys(project);
  const name = friendlyName.trim();
  if (name === '') throw invalid('friendly_name is required');
  if (name.length > LONGEST_PASSKEY_NAME)
    throw invalid(`friendly_name must be ${LONGEST_PASSKEY_NAME} characters or less`);
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const { user } = await requireUser(rows, shown, now);
      const passkey = await rows.passkeys.byId(id, 'lock');
      if (passkey?.userId !== user.id) throw noSuchPasskey();
      const change = { friendlyName: name, updatedAt: now };
      await rows.passkeys.update(id, change);
      await audit(rows, 'passkey_updated', user, now, caller, { passkey_id: passkey.id });
      return { ...passkey, ...change };
    },
    caller,
  );
}
