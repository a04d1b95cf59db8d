import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { requireUser } from './require-user.ts';

const SCOPES = ['global', 'local', 'others'] as const;
type Scope = (typeof SCOPES)[number];
const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** Ends sessions of the user: all, this one, or all but this one. @throws {AuthError} 400, and as requireUser */
export async function logOutUser(
  { directory, clock }: AuthDependencies,
  project: AuthProject,
  shown: ShownToken,
  scope: string,
  caller: AuthCaller,
): Promise<void> {
  if (!isScope(scope)) throw invalid(`Unsupported logout scope: it is ${SCOPES.join(', ')}`);
  await directory.with(
    project.id,
    async (rows) => {
      const { user, session } = await requireUser(rows, shown, clock.now());
      const which = {
        global: {},
        local: session && { only: session.id },
        others: session && { except: session.id },
      }[scope];
      if (which) await rows.sessions.endOf(user.id, which);
      await audit(rows, 'logout', user, clock.now(), caller);
    },
    caller,
  );
}
