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

/** One of PROVIDERS_BY_NAME, or any other of OpenID Connect's by its issuer. */
export interface AuthProvider {
  readonly enabled: boolean;
  readonly clientId: string;
  /** URL; null: what its name says */
  readonly issuer: string | null;
  /** asked for besides those that signing in needs */
  readonly scopes: readonly string[];
}

/** Whose addresses are known: everybody else is told by an issuer. */
export const PROVIDERS_BY_NAME: ReadonlySet<string> = new Set(['google', 'github']);

export const CAPTCHA_PROVIDERS = ['hcaptcha', 'turnstile'] as const;
export type CaptchaProvider = (typeof CAPTCHA_PROVIDERS)[number];

export const HOOK_NAMES = ['beforeUserCreated', 'customAccessToken'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

export interface CaptchaSettings {
  readonly provider: CaptchaProvider;
  /** of one that answers as the provider does; null: where the provider is */
  readonly verifyUrl: string | null;
}

/** An address of the owner's that is asked, by a signed POST. */
export interface AuthHook {
  readonly url: string;
  /** then it counts as one that said no */
  readonly timeoutMs: number;
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** null: no log-in */
  readonly user: string | null;
  readonly senderEmail: string;
  readonly senderName: string | null;
}

export interface AuthSettings {
  /** where people come back to when nothing else is asked for; null: the project's own address */
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
  /** users may add identities of other providers to their account */
  readonly manualLinking: boolean;
  readonly password: {
    readonly minLength: number;
    /** each of these kinds has to be in it */
    readonly requires: readonly PasswordKind[];
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
  readonly mfa: {
    readonly totp: boolean;
    /** keys that are no passkeys, such as those of USB */
    readonly webauthn: boolean;
    readonly recoveryCodes: boolean;
    /** of every type together */
    readonly maxFactors: number;
  };
  readonly passkeys: {
    readonly enabled: boolean;
    /** the domain that they are for; null: the site URL's host */
    readonly rpId: string | null;
    /** null: rpId */
    readonly rpName: string | null;
    /** none: the site URL's */
    readonly origins: readonly string[];
  };
  /** by their names, as users' apps say them */
  readonly providers: Readonly<Record<string, AuthProvider>>;
  /** null: nobody is asked to show that they are human */
  readonly captcha: CaptchaSettings | null;
  /** null: nobody is asked */
  readonly hooks: Readonly<Record<HookName, AuthHook | null>>;
  /** null: into the mailbox of the platform */
  readonly smtp: SmtpSettings | null;
  /** of those kinds whose mail is another than ours */
  readonly templates: Readonly<Partial<Record<MailKind, MailTemplate>>>;
}

export const PASSWORD_KINDS = ['lower', 'upper', 'digit', 'symbol'] as const;
export type PasswordKind = (typeof PASSWORD_KINDS)[number];

/** Sealed in the log; what is not set is null, or not there. */
export interface AuthSecrets {
  readonly smtpPassword: string | null;
  readonly captchaSecret: string | null;
  /** signs what a hook is asked */
  readonly hookSecrets: Readonly<Record<HookName, string | null>>;
  readonly providerSecrets: Readonly<Record<string, string>>;
}

export const NO_AUTH_SECRETS: AuthSecrets = {
  smtpPassword: null,
  captchaSecret: null,
  hookSecrets: { beforeUserCreated: null, customAccessToken: null },
  providerSecrets: {},
};

export const AUTH_DEFAULTS: AuthSettings = {
  siteUrl: null,
  allowedRedirects: [],
  signUpsOpen: true,
  anonymousSignIns: false,
  emailSignIns: true,
  autoconfirm: false,
  secureEmailChange: true,
  manualLinking: false,
  password: { minLength: 6, requires: [], reauthenticate: false, needsCurrent: false },
  accessTokenSeconds: 3_600,
  refreshReuseSeconds: 10,
  endReusedSessions: true,
  session: { maxSeconds: null, idleSeconds: null, onePerUser: false },
  otp: { digits: 6, expirySeconds: 3_600 },
  mailEverySeconds: 60,
  mfa: { totp: true, webauthn: false, recoveryCodes: false, maxFactors: 10 },
  passkeys: { enabled: false, rpId: null, rpName: null, origins: [] },
  providers: {},
  captcha: null,
  hooks: { beforeUserCreated: null, customAccessToken: null },
  smtp: null,
  templates: {},
};

/** As the log has them: what came later is not in what was set before. */
export type StoredSettings = Omit<AuthSettings, 'captcha' | 'mfa'> & {
  readonly captcha: (Omit<CaptchaSettings, 'verifyUrl'> & Partial<CaptchaSettings>) | null;
  readonly mfa: Omit<AuthSettings['mfa'], 'webauthn'> & Partial<Pick<AuthSettings['mfa'], 'webauthn'>>;
};

export const completeSettings = (stored: StoredSettings): AuthSettings => ({
  ...stored,
  captcha: stored.captcha && { ...stored.captcha, verifyUrl: stored.captcha.verifyUrl ?? null },
  mfa: { ...AUTH_DEFAULTS.mfa, ...stored.mfa },
});
