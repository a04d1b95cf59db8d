/** A link as a mail would have it, for a mail that the project's own program sends. Nothing is sent here. */
import { normaliseEmail } from '../../domain/email-address.ts';
import type { JsonObject, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { passwordHashOf } from './admin-user-input.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, emailTaken, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { unconfirmedUser } from './invited-user.ts';
import { makeCode, type CodeMakers, type CodeRequest } from './mailed-code.ts';
import { requireEmail } from './require-email.ts';
import { requireGoodPassword } from './password-fault.ts';
import { personOf, type Person } from './person.ts';
import { siteRedirect } from './site-redirects.ts';

export interface LinkInput {
  readonly type: string;
  readonly email: string;
  readonly password: string | undefined;
  readonly newEmail: string | undefined;
  readonly data: JsonObject;
  readonly redirectTo: string | undefined;
}

export interface GeneratedLink {
  readonly person: Person;
  readonly link: string;
  readonly code: string;
  readonly hash: string;
  readonly verificationType: string;
  readonly redirectTo: string;
}

type Generators = CodeMakers & Pick<AuthDependencies, 'directory' | 'hooks' | 'passwords'>;

/** Who it is for, what a mail with it would be, and to which address it would go. */
interface Wanted extends Pick<CodeRequest, 'kind' | 'token' | 'to'> {
  readonly user: User;
  /** in the answer */
  readonly verificationType: string;
}

interface Asked {
  readonly input: LinkInput;
  readonly email: string;
  readonly passwordHash: string | undefined;
  readonly now: Date;
  readonly project: AuthProject;
  readonly caller: AuthCaller;
}

type Make = (deps: Generators, rows: HookedRows, asked: Asked) => Promise<Wanted>;

/** @throws {AuthError} 400 validation_failed, 404 user_not_found, 422 email_exists, weak_password */
export async function generateLink(
  deps: Generators,
  project: AuthProject,
  input: LinkInput,
  caller: AuthCaller,
): Promise<GeneratedLink> {
  const make = MAKERS.get(input.type);
  if (!make) throw invalid(`Invalid email action link type requested: ${input.type.slice(0, 40)}`);
  const email = requireEmail(input.email);
  const now = deps.clock.now();
  const passwordHash = await newPasswordHash(deps, project, input, caller);
  const redirectTo = siteRedirect(project, input.redirectTo);
  return hooked(deps, project, caller, async (rows) => {
    const wanted = await make(deps, rows, { input, email, passwordHash, now, project, caller });
    const { user, verificationType, ...request } = wanted;
    const made = await makeCode(deps, rows, project, user, { ...request, redirectTo, challenge: null });
    return { ...made, person: await personOf(rows, user), verificationType, redirectTo };
  });
}

const forSignUp: Make = async (deps, rows, { input, email, passwordHash, now, caller }) => {
  const given = { passwordHash: passwordHash ?? null };
  const user = await unconfirmedUser(deps, rows, email, input.data, now, given);
  await audit(rows, 'user_confirmation_requested', user, now, caller, { provider: 'email' });
  return confirming(rows, user, now, 'signup');
};

const forInvitation: Make = async (deps, rows, { input, email, now, caller }) => {
  const user = await unconfirmedUser(deps, rows, email, input.data, now, {
    invitedAt: now,
    passwordHash: null,
  });
  await audit(rows, 'user_invited', SERVICE_KEY, now, caller, affected(user));
  return confirming(rows, user, now, 'invite');
};

const forRecovery =
  (type: 'recovery' | 'magiclink'): Make =>
  async (deps, rows, asked) => {
    const { email, now, caller } = asked;
    const before = await rows.users.byEmail(email, 'lock');
    if (!before && type === 'magiclink') return forSignUp(deps, rows, asked);
    if (!before) throw noSuchUser();
    const user = (await rows.users.update(before.id, { recoverySentAt: now, updatedAt: now })) ?? before;
    await audit(rows, 'user_recovery_requested', user, now, caller);
    const kind = type === 'recovery' ? 'recovery' : 'magic_link';
    return { user, kind, verificationType: type };
  };

const forEmailChange =
  (type: 'email_change_current' | 'email_change_new'): Make =>
  async (_deps, rows, { input, email, now, project, caller }) => {
    const wanted = normaliseEmail(input.newEmail ?? '');
    if (wanted === undefined) throw invalid('A valid new_email is needed to change an email address');
    if (type === 'email_change_current' && !project.settings.secureEmailChange)
      throw invalid('Enable secure email change to generate link for current email');
    const before = await rows.users.byEmail(email, 'lock');
    if (!before) throw noSuchUser();
    if (await rows.users.byEmail(wanted)) throw emailTaken();
    // of the link to the other address both have to be good
    const isSame = before.emailChange === wanted;
    if (!isSame)
      await rows.oneTimeTokens.delete(before.id, ['email_change_token_current', 'email_change_token_new']);
    const change = {
      emailChange: wanted,
      emailChangeSentAt: now,
      emailChangeConfirmStatus: isSame ? before.emailChangeConfirmStatus : 0,
      updatedAt: now,
    };
    const user = (await rows.users.update(before.id, change)) ?? before;
    await audit(rows, 'user_modified', SERVICE_KEY, now, caller, affected(user));
    const isNew = type === 'email_change_new';
    return {
      user,
      kind: 'email_change',
      token: isNew ? 'email_change_token_new' : 'email_change_token_current',
      to: isNew ? wanted : email,
      verificationType: type,
    };
  };

const MAKERS: ReadonlyMap<string, Make> = new Map([
  ['signup', forSignUp],
  ['invite', forInvitation],
  ['magiclink', forRecovery('magiclink')],
  ['recovery', forRecovery('recovery')],
  ['email_change_current', forEmailChange('email_change_current')],
  ['email_change_new', forEmailChange('email_change_new')],
]);

async function confirming(
  rows: UserTransaction,
  before: User,
  now: Date,
  type: 'signup' | 'invite',
): Promise<Wanted> {
  const user = (await rows.users.update(before.id, { confirmationSentAt: now })) ?? before;
  return { user, kind: type === 'invite' ? 'invite' : 'confirmation', verificationType: type };
}

/** Of whoever signs up by it; otherwise nobody's password changes. */
async function newPasswordHash(
  deps: Generators,
  project: AuthProject,
  { type, password }: LinkInput,
  caller: AuthCaller,
): Promise<string | undefined> {
  if (type !== 'signup' || !password) return undefined;
  requireGoodPassword(password, project.settings.password);
  return passwordHashOf(deps, { password }, { project: project.id, address: caller.ip });
}

const noSuchUser = (): AuthError => new AuthError(404, 'user_not_found', 'User with this email not found');
