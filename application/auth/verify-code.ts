/** Somebody shows what was sent to an address: a code that was typed, or the hash that a link holds. It is spent by that. */
import { emailConfirmed } from '../../domain/auth/new-user.ts';
import {
  isBanned,
  type Flow,
  type OneTimeToken,
  type OneTimeTokenType,
  type User,
} from '../../domain/auth/user.ts';
import { normaliseEmail } from '../../domain/email-address.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit, type AuditAction } from './audit.ts';
import { applyEmail, putEmailIdentity } from './email-change.ts';
import { hooked, type HookedRows } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { PKCE_PREFIX } from './mailed-code.ts';

type Verifiers = Pick<
  AuthDependencies,
  'directory' | 'hooks' | 'tokens' | 'codes' | 'clock' | 'ids' | 'mailLimits'
>;

/** `email`: whatever brings a sign-in */
const TOKENS: Readonly<Record<string, readonly OneTimeTokenType[]>> = {
  signup: ['confirmation_token'],
  invite: ['confirmation_token'],
  recovery: ['recovery_token'],
  magiclink: ['recovery_token'],
  email: ['confirmation_token', 'recovery_token'],
  email_change: ['email_change_token_new', 'email_change_token_current'],
};

/** Either a hash, or an address with a code. */
export interface ShownCode {
  readonly type: string | null | undefined;
  readonly tokenHash: string | null | undefined;
  readonly email: string | null | undefined;
  readonly phone: string | null | undefined;
  readonly token: string | null | undefined;
}

/** `halfway`: the other address has to agree, too */
export type Verified =
  | { readonly became: 'signed-in'; readonly session: IssuedSession }
  | { readonly became: 'code'; readonly authCode: string }
  | { readonly became: 'halfway' };

/** @throws {AuthError} 400, 403 otp_expired, user_banned, 422 email_exists */
export async function verifyCode(
  deps: Verifiers,
  project: AuthProject,
  shown: ShownCode,
  caller: AuthCaller,
): Promise<Verified> {
  const { types, hashes, address } = hashesOf(deps, shown);
  const wasRight =
    address === undefined
      ? deps.mailLimits.tryHash(project.id, caller.ip, deps.clock.now())
      : await requireTry(deps, project, address, caller);
  const work = (rows: UserTransaction) => spend(deps, rows, project, { hashes, types }, caller);
  const signIn = async (rows: HookedRows): Promise<Verified> => {
    const user = await work(rows);
    if (!user) return { became: 'halfway' };
    return { became: 'signed-in', session: await beginSession(deps, rows, project, user, 'otp', caller) };
  };
  const verified = await owned(deps, project, { hashes, types }, caller, signIn);
  wasRight();
  return forgotten(deps, project, verified);
}

/**
 * By a click. A link that was asked for with a PKCE challenge brings a code for whoever has the verifier, and no session.
 * @throws {AuthError} 400, 403, 404, 422
 */
export async function followLink(
  deps: Verifiers,
  project: AuthProject,
  { type, hash }: { readonly type: string; readonly hash: string },
  caller: AuthCaller,
): Promise<Verified> {
  if (!hash.startsWith(PKCE_PREFIX)) {
    const nothing = { email: null, phone: null, token: null };
    return verifyCode(deps, project, { type, tokenHash: hash, ...nothing }, caller);
  }
  const asked = { hashes: [hash], types: tokenTypes(type) };
  const wasRight = deps.mailLimits.tryHash(project.id, caller.ip, deps.clock.now());
  const verified = await owned(deps, project, asked, caller, async (rows): Promise<Verified> => {
    const user = await spend(deps, rows, project, asked, caller);
    if (!user) return { became: 'halfway' };
    const flow = await newestFlow(rows, user, type);
    if (!flow)
      throw new AuthError(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found');
    await rows.flows.update(flow.id, { authCodeIssuedAt: deps.clock.now() });
    return { became: 'code', authCode: flow.authCode };
  });
  wasRight();
  return verified;
}

interface Asked {
  readonly hashes: readonly string[];
  readonly types: readonly OneTimeTokenType[];
}

function hashesOf({ codes }: Verifiers, shown: ShownCode): Asked & { readonly address: string | undefined } {
  const { type, tokenHash, email, phone, token } = shown;
  if (!type) throw invalid('Verify requires a verification type');
  if (phone || type === 'sms' || type === 'phone_change')
    throw new AuthError(400, 'phone_provider_disabled', 'Phone sign-ins are not enabled');
  const types = tokenTypes(type);
  if (!token === !tokenHash) throw invalid('Verify requires either a token or a token hash');
  if (tokenHash) {
    if (email) throw invalid('Only the token_hash and type should be provided');
    return { types, hashes: [tokenHash], address: undefined };
  }
  const address = normaliseEmail(email ?? '');
  if (address === undefined) throw invalid('Verify requires an email address with a token');
  const hash = codes.hashOf(address, token ?? '');
  return { types, hashes: [hash, PKCE_PREFIX + hash], address };
}

function tokenTypes(type: string): readonly OneTimeTokenType[] {
  const types = Object.hasOwn(TOKENS, type) ? TOKENS[type] : undefined;
  if (!types) throw invalid('Unsupported verification type');
  return types;
}

/** @throws {AuthError} 403: so many wrong codes that none is right any more */
async function requireTry(
  { mailLimits, clock, directory }: Verifiers,
  project: AuthProject,
  address: string,
  caller: AuthCaller,
): Promise<() => void> {
  const wasRight = () => mailLimits.forget(project.id, address);
  const bounds = { now: clock.now(), lifeMs: project.settings.otp.expirySeconds * 1000 };
  if (mailLimits.mayTry(project.id, address, bounds)) return wasRight;
  // another process may have sent a new one
  const user = await directory.with(project.id, ({ users }) => users.byEmail(address), caller);
  const sent = [user?.confirmationSentAt, user?.recoverySentAt, user?.emailChangeSentAt];
  const last = Math.max(0, ...sent.map((at) => at?.getTime() ?? 0));
  mailLimits.newCode(project.id, address, new Date(last));
  if (!mailLimits.mayTry(project.id, address, bounds)) throw expired();
  return wasRight;
}

/**
 * Runs the work with the user locked whose code it is. Others lock a user before their codes, so the code is looked up
 * first, in a transaction of its own.
 */
async function owned<T>(
  deps: Verifiers,
  project: AuthProject,
  { hashes, types }: Asked,
  caller: AuthCaller,
  work: (rows: HookedRows) => Promise<T>,
): Promise<T> {
  const taken = ({ oneTimeTokens }: UserTransaction) => oneTimeTokens.take(hashes, types);
  const found = await deps.directory.with(project.id, taken, caller);
  if (!found) throw expired();
  return hooked(deps, project, caller, async (rows) => {
    await rows.users.byId(found.userId, 'lock');
    return work(rows);
  });
}

/** @returns undefined: the other address has to agree, too */
async function spend(
  deps: Verifiers,
  rows: UserTransaction,
  project: AuthProject,
  { hashes, types }: Asked,
  caller: AuthCaller,
): Promise<User | undefined> {
  const now = deps.clock.now();
  const token = await rows.oneTimeTokens.take(hashes, types);
  const user = token && (await rows.users.byId(token.userId, 'lock'));
  const diesAt = (token?.createdAt.getTime() ?? 0) + project.settings.otp.expirySeconds * 1000;
  if (!user || user.deletedAt !== null || now.getTime() >= diesAt) throw expired();
  if (isBanned(user, now)) throw new AuthError(403, 'user_banned', 'User is banned');
  await rows.oneTimeTokens.delete(user.id, [token.type]);
  if (token.type.startsWith('email_change')) return agree(deps, rows, project, user);
  // it was sent to an address that is no longer theirs
  if (token.relatesTo.toLowerCase() !== user.email) throw expired();
  return confirm(deps, rows, user, token, caller);
}

async function agree(
  deps: Verifiers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
): Promise<User | undefined> {
  if (user.emailChange === '') throw expired();
  const needsBoth = project.settings.secureEmailChange && user.email !== null;
  if (!needsBoth || user.emailChangeConfirmStatus > 0) return applyEmail(deps, rows, user, user.emailChange);
  await rows.users.update(user.id, { emailChangeConfirmStatus: 1, updatedAt: deps.clock.now() });
  return undefined;
}

async function confirm(
  deps: Verifiers,
  rows: UserTransaction,
  user: User,
  { type }: OneTimeToken,
  caller: AuthCaller,
): Promise<User> {
  const now = deps.clock.now();
  const isNews = user.emailConfirmedAt === null;
  const changed =
    (await rows.users.update(user.id, { ...emailConfirmed(user, now), updatedAt: now })) ?? user;
  if (isNews) {
    // the link of the sign-up says nothing new any more
    await rows.oneTimeTokens.delete(user.id, ['confirmation_token']);
    await putEmailIdentity(deps, rows, changed);
    const action: AuditAction = user.invitedAt === null ? 'user_signedup' : 'invite_accepted';
    await audit(rows, action, changed, now, caller, { provider: 'email' });
  }
  await audit(rows, 'login', changed, now, caller, { provider: 'email', type });
  return changed;
}

/** What they may try and ask for is as if they had never done so before. */
function forgotten({ mailLimits }: Verifiers, project: AuthProject, verified: Verified): Verified {
  const email = verified.became === 'signed-in' ? verified.session.person.user.email : null;
  if (email !== null) mailLimits.forget(project.id, email);
  return verified;
}

const METHODS: Readonly<Record<string, readonly Flow['method'][]>> = {
  signup: ['email/signup'],
  invite: ['invite'],
  recovery: ['recovery'],
  magiclink: ['magiclink'],
  email: ['email/signup', 'magiclink', 'recovery'],
  email_change: ['email_change'],
};

async function newestFlow(rows: UserTransaction, user: User, type: string): Promise<Flow | undefined> {
  let newest: Flow | undefined;
  for (const method of METHODS[type] ?? []) {
    const flow = await rows.flows.newestOf(user.id, method);
    if (flow && (!newest || flow.createdAt > newest.createdAt)) newest = flow;
  }
  return newest;
}

const expired = (): AuthError => new AuthError(403, 'otp_expired', 'Token has expired or is invalid');
