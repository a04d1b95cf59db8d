/**
 * Which of a project's users somebody is whom a provider knows. An address that the provider vouches for is proof of who they
 * are; one that it does not vouch for is none, and leads to nobody who is there.
 */
import { emailConfirmed, newUser, withoutProvider, withProvider } from '../../domain/auth/new-user.ts';
import type { ProviderAccount } from '../../domain/auth/provider-account.ts';
import { isBanned, isConfirmed, type Identity, type JsonObject, type User } from '../../domain/auth/user.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, emailTaken, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import type { HookedRows } from './hooked.ts';
import { wayBack, type MailOrder } from './mail-order.ts';
import { newcomer } from './newcomer.ts';
import { sendConfirmation } from './send-confirmation.ts';

/** `unverified`: they have to follow the link in a mail first */
export type ProviderUser =
  | { readonly became: 'known'; readonly user: User }
  | { readonly became: 'unverified'; readonly mailed: boolean };

/** How somebody came, and what is known of them by it. */
export interface Arrival {
  readonly deps: AuthDependencies;
  readonly rows: HookedRows;
  readonly project: AuthProject;
  readonly account: ProviderAccount;
  readonly order: MailOrder;
  readonly caller: AuthCaller;
  readonly now: Date;
}

const conflict = () => new AuthError(409, 'conflict', 'This account changed in another request: try again');

/** @throws {AuthError} 400 no address, 403 user_banned, user_not_found, 409, 422 signup_disabled, email_exists */
export async function providerUser(arrival: Arrival): Promise<ProviderUser> {
  const { rows, account } = arrival;
  const known = await rows.identities.find(account.provider, account.id);
  if (known) return again(arrival, known);
  const theirs = account.email === null ? undefined : await rows.users.byEmail(account.email, 'lock');
  if (!theirs) return made(arrival);
  // whoever merely says that it is their address learns nothing of whose it is
  if (!account.emailVerified) return { became: 'unverified', mailed: false };
  return linked(arrival, theirs);
}

async function again(arrival: Arrival, known: Identity): Promise<ProviderUser> {
  const { rows, account, now } = arrival;
  const user = welcome(await rows.users.byId(known.userId, 'lock'), now);
  // with the user locked: it may have been taken from them in between
  const still = await rows.identities.find(account.provider, account.id);
  if (still?.userId !== user.id) throw conflict();
  await rows.identities.put({ ...still, data: account.data, lastSignInAt: now, updatedAt: now });
  if (user.email === null || isConfirmed(user)) return { became: 'known', user: await told(arrival, user) };
  if (account.emailVerified && account.email === user.email)
    return { became: 'known', user: await told(arrival, await claimed(arrival, user)) };
  return { became: 'unverified', mailed: await mailed(arrival, user) };
}

/** It is their address, and always was. */
async function linked(arrival: Arrival, theirs: User): Promise<ProviderUser> {
  const { rows, caller, account, now } = arrival;
  let user = welcome(theirs, now);
  if (user.emailConfirmedAt === null) {
    // somebody else's, who has shown only that the number is theirs
    if (isConfirmed(user)) throw emailTaken();
    user = await claimed(arrival, user);
  }
  await added(arrival, user);
  await audit(rows, 'user_modified', user, now, caller, { provider: account.provider });
  return { became: 'known', user: await told(arrival, user) };
}

async function made(arrival: Arrival): Promise<ProviderUser> {
  const { deps, rows, project, account, caller, now } = arrival;
  const { signUpsOpen, autoconfirm } = project.settings;
  if (!signUpsOpen) throw new AuthError(422, 'signup_disabled', 'Signups not allowed for this instance');
  if (account.email === null) throw invalid('Error getting user email from external provider');
  const given = {
    email: account.email,
    appMetadata: withProvider({}, account.provider),
    userMetadata: account.data,
  };
  const isTheirs = account.emailVerified || autoconfirm;
  const isNew = newcomer(rows, () => {
    const begun = newUser(deps.ids.uuid(), now, given);
    return { ...begun, ...(isTheirs && emailConfirmed(begun, now)) };
  });
  const user = await rows.users.insert(isNew);
  if (!user) throw conflict();
  await added(arrival, user);
  if (!isTheirs) return { became: 'unverified', mailed: await mailed(arrival, user) };
  await audit(rows, 'user_signedup', user, now, caller, { provider: account.provider });
  return { became: 'known', user };
}

/** @throws {AuthError} 403 */
function welcome(user: User | undefined, now: Date): User {
  if (!user || user.deletedAt !== null) throw new AuthError(403, 'user_not_found', 'User not found');
  if (isBanned(user, now)) throw new AuthError(403, 'user_banned', 'User is banned');
  return user;
}

async function added({ deps, rows, account, now }: Arrival, user: User): Promise<void> {
  const identity = {
    id: deps.ids.uuid(),
    userId: user.id,
    provider: account.provider,
    providerId: account.id,
    data: account.data,
    lastSignInAt: now,
    createdAt: now,
    updatedAt: now,
  };
  if (!(await rows.identities.add(identity))) throw conflict();
}

/** What the provider tells of them, beside what is known. */
async function told({ rows, account, now }: Arrival, user: User): Promise<User> {
  return (
    (await rows.users.update(user.id, {
      userMetadata: metadataOf(user, account),
      appMetadata: withProvider(user.appMetadata, account.provider),
      updatedAt: now,
    })) ?? user
  );
}

const metadataOf = ({ userMetadata }: User, { data, emailVerified }: ProviderAccount): JsonObject => ({
  ...userMetadata,
  ...data,
  email_verified: emailVerified || userMetadata['email_verified'] === true,
});

/**
 * Whoever signed up with the address before, and never showed that it is theirs, waits for its owner to come: what they have
 * chosen goes, and whatever they could come back by. What an invitation said of them stays.
 */
async function claimed({ rows, account, now }: Arrival, user: User): Promise<User> {
  await rows.sessions.endOf(user.id);
  await rows.oneTimeTokens.delete(user.id);
  for (const { id } of await rows.factors.of([user.id])) await rows.factors.delete(id);
  for (const { id } of await rows.passkeys.of(user.id)) await rows.passkeys.delete(id);
  let { appMetadata } = user;
  for (const { id, provider, providerId, data } of await rows.identities.of([user.id])) {
    if (data['email_verified'] === true || (provider === account.provider && providerId === account.id))
      continue;
    await rows.identities.delete(id);
    appMetadata = withoutProvider(appMetadata, provider);
  }
  const bare = { ...user, userMetadata: user.invitedAt === null ? {} : user.userMetadata };
  const change = {
    ...emailConfirmed(bare, now),
    appMetadata,
    passwordHash: null,
    emailChange: '',
    updatedAt: now,
  };
  return (await rows.users.update(user.id, change)) ?? user;
}

async function mailed({ deps, rows, project, order, caller, now }: Arrival, user: User): Promise<boolean> {
  const asked = await sendConfirmation(deps, rows, project, user, wayBack(project, order));
  // it went out a moment ago
  if (asked === user) return false;
  await audit(rows, 'user_confirmation_requested', asked, now, caller);
  return true;
}

/** Whether it may become theirs. @returns them, locked @throws {AuthError} 403, 422 identity_already_exists */
export async function linkable({ rows, account, now }: Arrival, userId: string): Promise<User> {
  const user = welcome(await rows.users.byId(userId, 'lock'), now);
  const known = await rows.identities.find(account.provider, account.id);
  if (!known) return user;
  throw new AuthError(
    422,
    'identity_already_exists',
    known.userId === user.id ? 'Identity is already linked' : 'Identity is already linked to another user',
  );
}

/**
 * Another way by which somebody who is signed in is known. @throws {AuthError} 403, 409, 422 identity_already_exists, email_exists
 */
export async function linkedTo(arrival: Arrival, userId: string): Promise<User> {
  const { rows, account, caller, now } = arrival;
  const user = await linkable(arrival, userId);
  await added(arrival, user);
  const first = user.email === null && account.emailVerified ? account.email : null;
  const change = {
    isAnonymous: false,
    ...(first !== null && { email: first, ...emailConfirmed(user, now) }),
  };
  const changed = await rows.users.update(user.id, { ...change, updatedAt: now });
  if (!changed) throw emailTaken();
  await audit(rows, 'user_modified', changed, now, caller, { provider: account.provider });
  return told(arrival, changed);
}
