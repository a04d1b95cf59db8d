/** What a project's owner may set of its auth service. What is absent is as {@link AUTH_DEFAULTS} says. */

export const MAIL_KINDS = [
  'confirmation',
  'invite',
  'magic_link',
  'recovery',
  'email_change',
  'reauthentication',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** With the variables of docs/auth.md in it, such as `{{ .ConfirmationURL }}`. */
export interface MailTemplate {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface AuthSettings {
  /** where people come back to when nothing else is asked for; null: the project's own REST address */
  readonly siteUrl: string | null;
  /** globs: `*` is a run without `.` and `/`, `**` is anything */
  readonly allowedRedirects: readonly string[];
  readonly signUpsOpen: boolean;
  readonly anonymousSignIns: boolean;
  /** by e-mail and password, or a code */
  readonly emailSignIns: boolean;
  /** an address counts as confirmed when it signs up */
  readonly autoconfirm: boolean;
  /** both addresses agree to a change */
  readonly secureEmailChange: boolean;
  readonly password: {
    readonly minLength: number;
    /** each of these kinds has to be in it */
    readonly requires: readonly ('lower' | 'upper' | 'digit' | 'symbol')[];
    /** a change needs a session that is younger than 24 hours, or a nonce */
    readonly reauthenticate: boolean;
    /** a change needs the current password */
    readonly needsCurrent: boolean;
  };
  readonly accessTokenSeconds: number;
  /** an older refresh token than the one before is still good for so long */
  readonly refreshReuseSeconds: number;
  /** a token that is used again later ends its session */
  readonly endReusedSessions: boolean;
  readonly session: {
    /** null: no limit */
    readonly maxSeconds: number | null;
    readonly idleSeconds: number | null;
    /** a new sign-in ends the others */
    readonly onePerUser: boolean;
  };
  readonly otp: { readonly digits: number; readonly expirySeconds: number };
  /** between two mails of a kind to one user */
  readonly mailEverySeconds: number;
  readonly mfa: { readonly totp: boolean; readonly maxFactors: number };
  /** null: into the mailbox of the platform */
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly user: string | null;
    readonly senderEmail: string;
    readonly senderName: string | null;
  } | null;
  /** of those kinds whose mail is another than ours */
  readonly templates: Readonly<Partial<Record<MailKind, MailTemplate>>>;
}

/** Sealed in the log; what is not set is null. */
export interface AuthSecrets {
  readonly smtpPassword: string | null;
}

export const AUTH_DEFAULTS: AuthSettings = {
  siteUrl: null,
  allowedRedirects: [],
  signUpsOpen: true,
  anonymousSignIns: false,
  emailSignIns: true,
  autoconfirm: false,
  secureEmailChange: true,
  password: { minLength: 6, requires: [], reauthenticate: false, needsCurrent: false },
  accessTokenSeconds: 3_600,
  refreshReuseSeconds: 10,
  endReusedSessions: true,
  session: { maxSeconds: null, idleSeconds: null, onePerUser: false },
  otp: { digits: 6, expirySeconds: 3_600 },
  mailEverySeconds: 60,
  mfa: { totp: true, maxFactors: 10 },
  smtp: null,
  templates: {},
};
