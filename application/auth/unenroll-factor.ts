/** A second factor goes: what it made aal2 is aal1 again. */
import type { Factor } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { requireRow } from './admin-users.ts';
import { isUsable, isVerified, methodOf, requireFactor, requireSession } from './factors.ts';

type Removers = Pick<AuthDependencies, 'directory' | 'clock'>;

/** By the user. @throws {AuthError} 404 mfa_factor_not_found, 422 insufficient_aal, mfa_recovery_codes_sole_factor */
export async function unenrollFactor(
  { directory, clock }: Removers,
  project: AuthProject,
  factorId: string,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<Factor> {
  const now = clock.now();
  return directory.with(
    project.id,
    async (rows) => {
      const { user, session } = await requireSession(rows, shown, now);
      const factor = await requireFactor(rows, user, factorId);
      if (isVerified(factor) && session.aal === 'aal1')
        throw new AuthError(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor');
      const others = (await rows.factors.of([user.id])).filter(({ id }) => id !== factor.id);
      if (isUsable(factor) && !others.some(isUsable) && others.some(isVerified))
        throw new AuthError(
          422,
          'mfa_recovery_codes_sole_factor',
          'Recovery codes cannot be the only verified factor: delete them first.',
        );
      await remove(rows, factor);
      await audit(rows, 'factor_unenrolled', user, now, caller, {
        factor_id: factor.id,
        factor_status: factor.status,
        session_id: session.id,
      });
      return factor;
    },
    caller,
  );
}

/** By the service key. @throws {AuthError} 404 user_not_found, mfa_factor_not_found */
export async function removeFactor(
  { directory, clock }: Removers,
  project: AuthProject,
  { userId, factorId }: { readonly userId: string; readonly factorId: string },
  caller: AuthCaller,
): Promise<Factor> {
  return directory.with(
    project.id,
    async (rows) => {
      const user = await requireRow(rows, userId, 'lock');
      const factor = await requireFactor(rows, user, factorId);
      await remove(rows, factor);
      const traits = { ...affected(user), factor_id: factor.id };
      await audit(rows, 'factor_deleted', SERVICE_KEY, clock.now(), caller, traits);
      return factor;
    },
    caller,
  );
}

async function remove(rows: UserTransaction, factor: Factor): Promise<void> {
  await rows.sessions.downgrade(factor.id, methodOf(factor));
  await rows.factors.delete(factor.id);
}
