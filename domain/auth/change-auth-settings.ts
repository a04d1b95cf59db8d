/** How a change becomes settings: what is absent stays as it is, null is the default again, key by key at every depth. */
import {
  AUTH_DEFAULTS,
  NO_AUTH_SECRETS,
  type AuthHook,
  type AuthProvider,
  type AuthSecrets,
  type AuthSettings,
  type CaptchaSettings,
  type HookName,
  type MailKind,
  type MailTemplate,
  type SmtpSettings,
} from './auth-settings.ts';

type Changed<T> = { readonly [K in keyof T]?: T[K] | null | undefined };
type Named<Name extends string, T> = { readonly [N in Name]?: Changed<T> | null | undefined };

type Sections = 'password' | 'session' | 'otp' | 'mfa' | 'passkeys';
type Parts = 'providers' | 'captcha' | 'hooks' | 'smtp' | 'templates';
type Plain = Omit<AuthSettings, Sections | Parts>;

export type AuthSettingsChange = Changed<Plain> & {
  readonly [S in Sections]?: Changed<AuthSettings[S]> | null | undefined;
} & {
  readonly providers?: Named<string, AuthProvider> | null | undefined;
  readonly captcha?: Changed<CaptchaSettings> | null | undefined;
  readonly hooks?: Named<HookName, AuthHook> | null | undefined;
  readonly smtp?: Changed<SmtpSettings> | null | undefined;
  readonly templates?: Named<MailKind, MailTemplate> | null | undefined;
};

/** null takes a secret away. */
export interface AuthSecretsChange {
  readonly smtpPassword?: string | null | undefined;
  readonly captchaSecret?: string | null | undefined;
  readonly hookSecrets?: { readonly [H in HookName]?: string | null | undefined };
  readonly providerSecrets?: Readonly<Record<string, string | null | undefined>>;
}

/** What a part begins as; what is empty has to be given. */
const SMTP: SmtpSettings = { host: '', port: 587, user: null, senderEmail: '', senderName: null };
const PROVIDER: AuthProvider = { enabled: false, clientId: '', issuer: null, scopes: [] };
const HOOK: AuthHook = { url: '', timeoutMs: 5_000 };
const TEMPLATE: MailTemplate = { subject: '', text: '', html: '' };
const CAPTCHA: CaptchaSettings = { provider: 'hcaptcha', verifyUrl: null };

export function changeAuthSettings(settings: AuthSettings, change: AuthSettingsChange): AuthSettings {
  const { password, session, otp, mfa, passkeys, ...others } = change;
  const { providers, captcha, hooks, smtp, templates, ...plain } = others;
  const section = <S extends Sections>(name: S, wanted: Changed<AuthSettings[S]> | null | undefined) =>
    wanted === null ? AUTH_DEFAULTS[name] : changed(settings[name], wanted ?? {}, AUTH_DEFAULTS[name]);
  const hook = (name: HookName) => part(settings.hooks[name], hooks === null ? null : hooks?.[name], HOOK);
  return {
    ...changed(settings, plain, AUTH_DEFAULTS),
    password: section('password', password),
    session: section('session', session),
    otp: section('otp', otp),
    mfa: section('mfa', mfa),
    passkeys: section('passkeys', passkeys),
    providers: named(settings.providers, providers, PROVIDER),
    captcha: part(settings.captcha, captcha, CAPTCHA),
    hooks: { beforeUserCreated: hook('beforeUserCreated'), customAccessToken: hook('customAccessToken') },
    smtp: part(settings.smtp, smtp, SMTP),
    templates: named(settings.templates, templates, TEMPLATE),
  };
}

/** What a part that is gone has kept secret goes with it. */
export function changeAuthSecrets(
  secrets: AuthSecrets,
  change: AuthSecretsChange,
  { smtp, captcha, hooks, providers }: AuthSettings,
): AuthSecrets {
  const { smtpPassword, captchaSecret } = changed(secrets, change as Changed<AuthSecrets>, NO_AUTH_SECRETS);
  const hook = changed(secrets.hookSecrets, change.hookSecrets ?? {}, NO_AUTH_SECRETS.hookSecrets);
  const provider = { ...secrets.providerSecrets, ...withoutAbsent(change.providerSecrets ?? {}) };
  return {
    smtpPassword: smtp && smtpPassword,
    captchaSecret: captcha && captchaSecret,
    hookSecrets: {
      beforeUserCreated: hooks.beforeUserCreated && hook.beforeUserCreated,
      customAccessToken: hooks.customAccessToken && hook.customAccessToken,
    },
    providerSecrets: Object.fromEntries(
      Object.entries(provider).flatMap(([name, secret]) =>
        typeof secret === 'string' && Object.hasOwn(providers, name) ? [[name, secret]] : [],
      ),
    ),
  };
}

function changed<T extends object>(now: T, change: Changed<T>, defaults: T): T {
  const given = Object.entries(withoutAbsent(change)).map(([key, value]) => [
    key,
    value ?? defaults[key as keyof T],
  ]);
  return { ...now, ...(Object.fromEntries(given) as Partial<T>) };
}

function part<T extends object>(now: T | null, change: Changed<T> | null | undefined, blank: T): T | null {
  if (change === undefined) return now;
  return change && changed(now ?? blank, change, blank);
}

function named<T extends object>(
  now: Readonly<Record<string, T>>,
  change: Named<string, T> | null | undefined,
  blank: T,
): Readonly<Record<string, T>> {
  if (change === null) return {};
  const names = new Set([...Object.keys(now), ...Object.keys(change ?? {})]);
  const all = [...names].flatMap((name) => {
    const one = part(own(now, name) ?? null, own(change ?? {}, name), blank);
    return one ? [[name, one] as const] : [];
  });
  return Object.fromEntries(all);
}

const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const withoutAbsent = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
