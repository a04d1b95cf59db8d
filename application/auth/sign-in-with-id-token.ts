import { ProviderRefused, type ShownIdToken } from '../ports/sign-in-providers.ts';
import type { User } from '../../domain/auth/user.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { requireLinking } from './begin-provider-flow.ts';
import { needsVerification } from './finish-provider-flow.ts';
import { hooked } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { linkedTo, providerUser, type Arrival } from './provider-user.ts';
import { requireUser } from './require-user.ts';
import { usedProvider } from './used-provider.ts';

export interface IdTokenSignIn extends ShownIdToken {
  readonly provider: string;
}

/**
 * A session for a token that the app has got from the provider itself.
 * @param linkTo whoever is signed in already, and wants to be known by it, too
 * @throws {AuthError} 400 validation_failed: the token is not good here; 404 manual_linking_disabled; else as providerUser and linkedTo
 */
export async function signInWithIdToken(
  deps: AuthDependencies,
  project: AuthProject,
  request: IdTokenSignIn,
  caller: AuthCaller,
  linkTo?: ShownToken,
): Promise<IssuedSession> {
  if (linkTo) requireLinking(project);
  const provider = usedProvider(project, request.provider);
  const account = await deps.providers.readIdToken(provider, request).catch((error: unknown) => {
    throw error instanceof ProviderRefused ? new AuthError(400, 'validation_failed', error.message) : error;
  });
  const found = await hooked(deps, project, caller, async (rows) => {
    const arrival: Arrival = { deps, rows, project, account, order: {}, caller, now: deps.clock.now() };
    if (linkTo) {
      const { user } = await requireUser(rows, linkTo, arrival.now);
      return letIn(arrival, await linkedTo(arrival, user.id));
    }
    const person = await providerUser(arrival);
    return person.became === 'known' ? letIn(arrival, person.user) : person;
  });
  if ('accessToken' in found) return found;
  if (found.mailed) deps.mailWaits(project);
  throw needsVerification(request.provider);
}

async function letIn(
  { deps, rows, project, account, caller, now }: Arrival,
  user: User,
): Promise<IssuedSession> {
  await audit(rows, 'login', user, now, caller, { provider: account.provider });
  return beginSession(deps, rows, project, user, 'oauth', caller);
}
