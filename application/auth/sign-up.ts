/** Somebody makes an account with an address and a password. */
import { emailConfirmed, newEmailUser, newUser, ownIdentity } from '../../domain/auth/new-user.ts';
import type { JsonObject, User } from '../../domain/auth/user.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid, isOutage } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { newcomer } from './newcomer.ts';
import { requireGoodPassword } from './password-fault.ts';
import { personOf, type Person } from './person.ts';
import { wayBack, type MailOrder, type WayBack } from './mail-order.ts';
import { sendConfirmation } from './send-confirmation.ts';

export interface SignUp extends MailOrder {
  /** in its one form, see email-address.ts */
  readonly email: string;
  readonly password: string;
  readonly data: JsonObject;
}

/** `made`: they have to confirm first, or are pretended to: nobody learns here who has an account. */
export type SignedUp =
  | { readonly outcome: 'session'; readonly issued: IssuedSession }
  | { readonly outcome: 'made'; readonly person: Person };

/**
 * @throws {AuthError} 422 signup_disabled, email_provider_disabled, weak_password, user_already_exists; 400 validation_failed;
 * 429 over_email_send_rate_limit
 */
export async function signUp(
  deps: AuthDependencies,
  project: AuthProject,
  request: SignUp,
  caller: AuthCaller,
): Promise<SignedUp> {
  const { settings } = project;
  if (!settings.signUpsOpen)
    throw new AuthError(422, 'signup_disabled', 'Signups not allowed for this instance');
  if (!settings.emailSignIns)
    throw new AuthError(422, 'email_provider_disabled', 'Email signups are disabled');
  if (request.password === '') throw invalid('Signup requires a valid password');
  requireGoodPassword(request.password, settings.password);
  // before it is known whether anybody has the address
  const way = wayBack(project, request);
  const takeBack = settings.autoconfirm
    ? undefined
    : deps.mailLimits.ask(
        project.id,
        ['confirmation'],
        request.email,
        settings.mailEverySeconds,
        deps.clock.now(),
      );
  try {
    return await madeOrKnown(deps, project, request, way, caller);
  } catch (error) {
    if (isOutage(error)) takeBack?.();
    throw error;
  }
}

async function madeOrKnown(
  deps: AuthDependencies,
  project: AuthProject,
  request: SignUp,
  way: WayBack,
  caller: AuthCaller,
): Promise<SignedUp> {
  const { autoconfirm } = project.settings;
  // for a known address, too: it takes as long
  const passwordHash = await deps.passwords.hash(request.password, {
    project: project.id,
    address: caller.ip,
  });
  const signedUp = await hooked(deps, project, caller, async (rows): Promise<SignedUp> => {
    const found = await rows.users.byEmail(request.email, 'lock');
    if (found && autoconfirm) throw registered();
    // whoever has an account already, too: strangers would learn by it who has
    const user = newcomer(rows, () => userOf(deps, request, passwordHash, autoconfirm));
    const made = found ? undefined : await rows.users.insert(user);
    if (made) return welcome(deps, rows, project, made, way, caller);
    // somebody may have been quicker with the same address
    const theirs = found ?? (await rows.users.byEmail(request.email, 'lock'));
    if (!theirs) throw new AuthError(409, 'conflict', 'Too many sign-ups for this address at once');
    if (autoconfirm) throw registered();
    return known(deps, rows, project, { user, theirs }, way, caller);
  });
  if (signedUp.outcome === 'made') deps.mailWaits(project);
  return signedUp;
}

async function welcome(
  deps: AuthDependencies,
  rows: HookedRows,
  project: AuthProject,
  user: User,
  way: WayBack,
  caller: AuthCaller,
): Promise<SignedUp> {
  const now = deps.clock.now();
  await rows.identities.put({ ...ownIdentity(deps.ids.uuid(), 'email', user, now), lastSignInAt: now });
  if (!project.settings.autoconfirm) {
    const asked = await sendConfirmation(deps, rows, project, user, way);
    await audit(rows, 'user_confirmation_requested', asked, now, caller);
    return { outcome: 'made', person: await personOf(rows, asked) };
  }
  await audit(rows, 'user_signedup', user, now, caller);
  return { outcome: 'session', issued: await beginSession(deps, rows, project, user, 'password', caller) };
}

const registered = () => new AuthError(422, 'user_already_exists', 'User already registered');

/** Nothing of a stored user changes by what a stranger sends, but that they are written to again. */
async function known(
  deps: AuthDependencies,
  rows: HookedRows,
  project: AuthProject,
  { user, theirs }: { readonly user: User; readonly theirs: User },
  way: WayBack,
  caller: AuthCaller,
): Promise<SignedUp> {
  if (theirs.emailConfirmedAt !== null) return { outcome: 'made', person: pretended(deps, user) };
  const asked = await sendConfirmation(deps, rows, project, theirs, way);
  await audit(rows, 'user_repeated_signup', asked, deps.clock.now(), caller);
  return { outcome: 'made', person: await personOf(rows, asked) };
}

/** As if it were new, but for the identities, which are empty: client code goes by that. */
const pretended = ({ clock }: AuthDependencies, user: User): Person => ({
  user: { ...user, role: '', confirmationSentAt: clock.now() },
  identities: [],
  factors: [],
});

function userOf(
  { ids, clock }: Pick<AuthDependencies, 'ids' | 'clock'>,
  { email, data }: Pick<SignUp, 'email' | 'data'>,
  passwordHash: string,
  isConfirmed: boolean,
): User {
  const now = clock.now();
  const user = newEmailUser(ids.uuid(), now, { email, passwordHash, userMetadata: data });
  return isConfirmed ? { ...user, ...emailConfirmed(user, now) } : user;
}

/** Without an address. @throws {AuthError} 422 anonymous_provider_disabled, signup_disabled */
export async function signInAnonymously(
  deps: AuthDependencies,
  project: AuthProject,
  data: JsonObject,
  caller: AuthCaller,
): Promise<IssuedSession> {
  const { signUpsOpen, anonymousSignIns } = project.settings;
  if (!signUpsOpen) throw new AuthError(422, 'signup_disabled', 'Signups not allowed for this instance');
  if (!anonymousSignIns)
    throw new AuthError(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled');
  const now = deps.clock.now();
  const user = newUser(deps.ids.uuid(), now, { userMetadata: data, isAnonymous: true });
  return hooked(deps, project, caller, async (rows) => {
    const made = await rows.users.insert(newcomer(rows, () => user));
    if (!made) throw new AuthError(409, 'conflict', 'Try again');
    await audit(rows, 'user_signedup', made, now, caller);
    return beginSession(deps, rows, project, made, 'anonymous', caller);
  });
}
