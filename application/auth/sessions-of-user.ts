/** Where a user is signed in, as the service key sees it. */
import type { Session } from '../../domain/auth/user.ts';
import { requireRow } from './admin-users.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';

/** Newest first. @throws {AuthError} 404 user_not_found */
export async function listSessionsOf(
  { directory }: Pick<AuthDependencies, 'directory'>,
  project: AuthProject,
  userId: string,
  caller: AuthCaller,
): Promise<readonly Session[]> {
  return directory.with(
    project.id,
    async (rows) => rows.sessions.of((await requireRow(rows, userId)).id),
    caller,
  );
}

/**
 * Access tokens that were given out stay good elsewhere until they expire.
 * @param only undefined: all of the user's
 * @throws {AuthError} 404 user_not_found, session_not_found
 */
export async function endSessionsOf(
  { directory, clock }: Pick<AuthDependencies, 'directory' | 'clock'>,
  project: AuthProject,
  { userId, only }: { readonly userId: string; readonly only?: string | undefined },
  caller: AuthCaller,
): Promise<void> {
  await directory.with(
    project.id,
    async (rows) => {
      const user = await requireRow(rows, userId, 'lock');
      const session = only === undefined ? undefined : await rows.sessions.byId(only, 'lock');
      if (only !== undefined && session?.userId !== user.id)
        throw new AuthError(404, 'session_not_found', 'Session not found');
      await rows.sessions.endOf(user.id, session && { only: session.id });
      const traits = { ...affected(user), ...(session && { session_id: session.id }) };
      await audit(rows, 'logout', SERVICE_KEY, clock.now(), caller, traits);
    },
    caller,
  );
}
