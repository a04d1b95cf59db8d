/** A code that is sent to somebody's address, to be typed or to be clicked, in the transaction of what it is for. */
import { DEFAULT_TEMPLATES } from '../../domain/auth/default-templates.ts';
import type { MailKind } from '../../domain/auth/auth-settings.ts';
import { renderMail } from '../../domain/auth/mail-template.ts';
import type { CodeChallenge } from '../../domain/auth/pkce.ts';
import type { AuthMethod, OneTimeTokenType, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';

/** What a link says that it is for. */
export type LinkType = 'signup' | 'invite' | 'recovery' | 'magiclink' | 'email_change';

interface CodeKind {
  readonly token: OneTimeTokenType;
  readonly link: LinkType | null;
  /** how whoever comes back with a PKCE verifier has proved who they are */
  readonly method: AuthMethod;
  readonly sentAt: 'confirmationSentAt' | 'recoverySentAt' | 'emailChangeSentAt' | 'reauthenticationSentAt';
}

const KINDS: Readonly<Record<MailKind, CodeKind>> = {
  confirmation: {
    token: 'confirmation_token',
    link: 'signup',
    method: 'email/signup',
    sentAt: 'confirmationSentAt',
  },
  invite: { token: 'confirmation_token', link: 'invite', method: 'invite', sentAt: 'confirmationSentAt' },
  magic_link: { token: 'recovery_token', link: 'magiclink', method: 'magiclink', sentAt: 'recoverySentAt' },
  recovery: { token: 'recovery_token', link: 'recovery', method: 'recovery', sentAt: 'recoverySentAt' },
  email_change: {
    token: 'email_change_token_new',
    link: 'email_change',
    method: 'email_change',
    sentAt: 'emailChangeSentAt',
  },
  reauthentication: {
    token: 'reauthentication_token',
    link: null,
    method: 'otp',
    sentAt: 'reauthenticationSentAt',
  },
};

export interface CodeRequest {
  readonly kind: MailKind;
  readonly redirectTo: string;
  /** `same`: that of another code of the same request */
  readonly challenge: CodeChallenge | 'same' | null;
  /** default: the user's own */
  readonly to?: string;
  /** default: that of the kind */
  readonly token?: OneTimeTokenType;
  /** that they want instead */
  readonly newEmail?: string;
}

export interface MadeCode {
  readonly code: string;
  readonly hash: string;
  readonly link: string;
  readonly madeAt: Date;
}

export type CodeMakers = Pick<AuthDependencies, 'codes' | 'clock' | 'ids' | 'mailLimits'>;

/** before the hash of a code whose link brings no session by itself */
export const PKCE_PREFIX = 'pkce_';

/** In place of the one before. Whoever calls has locked the user. */
export async function makeCode(
  { codes, clock, ids, mailLimits }: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  { kind, redirectTo, challenge, to = user.email ?? '', token }: CodeRequest,
): Promise<MadeCode> {
  const { token: usual, link, method } = KINDS[kind];
  const now = clock.now();
  const code = codes.randomDigits(project.settings.otp.digits);
  const hash = `${challenge ? PKCE_PREFIX : ''}${codes.hashOf(to, code)}`;
  await rows.oneTimeTokens.put({
    userId: user.id,
    type: token ?? usual,
    hash,
    relatesTo: to,
    createdAt: now,
  });
  mailLimits.newCode(project.id, to, now);
  if (challenge !== null && challenge !== 'same')
    await rows.flows.insert({
      id: ids.uuid(),
      userId: user.id,
      authCode: ids.uuid(),
      codeChallenge: challenge.challenge,
      codeChallengeMethod: challenge.method,
      providerType: 'email',
      method,
      createdAt: now,
      authCodeIssuedAt: null,
      providerAccessToken: null,
      providerRefreshToken: null,
    });
  const url = link === null ? '' : linkOf(project, hash, link, redirectTo);
  return { code, hash, link: url, madeAt: now };
}

/** Makes a code and leaves the mail in the outbox. When the transaction is over, `mailWaits` has to be told. */
export async function mailCode(
  deps: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  request: CodeRequest,
): Promise<User> {
  const { kind, redirectTo, to = user.email ?? '', newEmail = '' } = request;
  const { code, hash, link, madeAt } = await makeCode(deps, rows, project, user, request);
  const template = project.settings.templates[kind] ?? DEFAULT_TEMPLATES[kind];
  const content = renderMail(template, {
    ConfirmationURL: link,
    Token: code,
    TokenHash: hash,
    SiteURL: project.siteUrl,
    RedirectTo: redirectTo,
    Email: user.email ?? to,
    NewEmail: newEmail,
    OldEmail: user.email ?? '',
    Data: user.userMetadata,
  });
  await rows.outbox.add({ id: deps.ids.uuid(), kind, to, ...content, createdAt: madeAt });
  return (await rows.users.update(user.id, { [KINDS[kind].sentAt]: madeAt })) ?? user;
}

const linkOf = ({ url }: AuthProject, hash: string, type: LinkType, redirectTo: string): string =>
  `${url}/verify?${new URLSearchParams({ token: hash, type, redirect_to: redirectTo }).toString()}`;
