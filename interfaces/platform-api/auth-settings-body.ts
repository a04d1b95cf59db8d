/** A project's auth settings as requests and answers have them: the names of the domain in snake_case, secrets beside what needs them. */
import { z } from 'zod';
import type { AuthChange } from '../../application/auth/change-auth-settings.ts';
import { AUTH_MOST, AUTH_RANGES, PROVIDER_NAME } from '../../domain/auth/auth-settings-rules.ts';
import {
  CAPTCHA_PROVIDERS,
  HOOK_NAMES,
  MAIL_KINDS,
  PASSWORD_KINDS,
  type AuthSecrets,
  type AuthSettings,
  type HookName,
} from '../../domain/auth/auth-settings.ts';
import type { AuthSecretsChange, AuthSettingsChange } from '../../domain/auth/change-auth-settings.ts';

/** How a secret is shown that is set; as a secret in a request it is that one. */
const SET = 'set';

const range = ([least, most]: readonly [number, number]) => z.int().min(least).max(most);
const url = z.string().min(1).max(AUTH_MOST.urlLength);
const name = z.string().min(1).max(AUTH_MOST.nameLength);

const plain = {
  site_url: url
    .nullable()
    .describe("Where users come back to when nothing else is asked for; null: the project's own address."),
  allowed_redirects: z
    .array(url)
    .max(AUTH_MOST.redirects)
    .describe('Where else they may come back to: * is a run without "." and "/", ** is anything.'),
  sign_ups_open: z.boolean().describe('false: only invitations and the admin API make users.'),
  anonymous_sign_ins: z.boolean(),
  email_sign_ins: z.boolean().describe('By e-mail and password, or by a code.'),
  autoconfirm: z.boolean().describe('An address counts as confirmed when it signs up: no mail is sent.'),
  secure_email_change: z.boolean().describe('Both addresses have to agree.'),
  manual_linking: z.boolean().describe('Users may add identities of other providers to their account.'),
  access_token_seconds: range(AUTH_RANGES.accessTokenSeconds),
  refresh_reuse_seconds: range(AUTH_RANGES.refreshReuseSeconds).describe(
    'For so long an older refresh token than the one before is still good.',
  ),
  end_reused_sessions: z.boolean().describe('A refresh token that is used again later ends its session.'),
  mail_every_seconds: range(AUTH_RANGES.mailEverySeconds).describe(
    'Between two mails of a kind to one user.',
  ),
};
const password = {
  min_length: range(AUTH_RANGES.minLength),
  requires: z.array(z.enum(PASSWORD_KINDS)).max(PASSWORD_KINDS.length),
  reauthenticate: z.boolean().describe('A change needs a session younger than 24 h, or a nonce.'),
  needs_current: z.boolean().describe('A change needs the current password.'),
};
const session = {
  max_seconds: range(AUTH_RANGES.sessionSeconds).nullable(),
  idle_seconds: range(AUTH_RANGES.sessionSeconds).nullable(),
  one_per_user: z.boolean().describe('A new sign-in ends the others.'),
};
const otp = { digits: range(AUTH_RANGES.otpDigits), expiry_seconds: range(AUTH_RANGES.otpExpirySeconds) };
const mfa = {
  totp: z.boolean(),
  webauthn: z.boolean().describe('Keys as second factors, for the pages that passkeys are for.'),
  recovery_codes: z.boolean(),
  max_factors: range(AUTH_RANGES.maxFactors),
};
const passkeys = {
  enabled: z.boolean(),
  rp_id: z.string().max(253).nullable().describe("The domain they are for; null: the site URL's host."),
  rp_name: name.nullable(),
  origins: z.array(url).max(AUTH_MOST.origins).describe("None: the site URL's."),
};
const provider = {
  enabled: z.boolean(),
  client_id: z.string().max(500),
  issuer: url.nullable().describe('Of OpenID Connect. null: google and github, whose addresses are known.'),
  scopes: z.array(z.string().max(200)).max(AUTH_MOST.scopes).describe('Besides those that signing in needs.'),
};
const captcha = {
  provider: z.enum(CAPTCHA_PROVIDERS),
  verify_url: url
    .nullable()
    .describe('Of a verifier that answers as the provider does; null: the provider itself.'),
};
const hook = { url, timeout_ms: range(AUTH_RANGES.timeoutMs) };
const smtp = {
  host: z.string().min(1).max(253),
  port: range(AUTH_RANGES.port),
  user: name.nullable(),
  sender_email: z.string().max(254),
  sender_name: name.nullable(),
};
const template = {
  subject: z.string().min(1).max(AUTH_MOST.subjectLength),
  text: z.string().min(1),
  html: z.string().min(1),
};

export const mailTemplates = z.partialRecord(z.enum(MAIL_KINDS), z.object(template));

const shown = z.literal(SET).nullable();
const hookView = z.object({ ...hook, secret: shown }).nullable();

export const authSettingsView = z.object({
  ...plain,
  password: z.object(password),
  session: z.object(session),
  otp: z.object(otp),
  mfa: z.object(mfa),
  passkeys: z.object(passkeys),
  providers: z.record(z.string(), z.object({ ...provider, client_secret: shown })),
  captcha: z.object({ ...captcha, secret: shown }).nullable(),
  hooks: z.object({ before_user_created: hookView, custom_access_token: hookView }),
  smtp: z.object({ ...smtp, password: shown }).nullable(),
  templates: mailTemplates,
});

type Nullish<S extends z.ZodRawShape> = { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K]>> };
/** Of the keys those that change; null: the default. */
const changeOf = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([key, one]) => [key, (one as z.ZodType).nullish()]),
    ) as unknown as Nullish<S>,
  );

const secret = z.string().min(1).max(AUTH_MOST.secretLength).describe('Kept sealed, and never shown.');
const hookChange = changeOf({ ...hook, secret }).nullish();

export const authSettingsChange = z.strictObject({
  ...changeOf(plain).shape,
  password: changeOf(password).nullish(),
  session: changeOf(session).nullish(),
  otp: changeOf(otp).nullish(),
  mfa: changeOf(mfa).nullish(),
  passkeys: changeOf(passkeys).nullish(),
  providers: z
    .record(z.string().regex(PROVIDER_NAME), changeOf({ ...provider, client_secret: secret }).nullable())
    .nullish()
    .describe('By name: google, github, or one of your own with its issuer. null takes it away.'),
  captcha: changeOf({ ...captcha, secret }).nullish(),
  hooks: z
    .strictObject({ before_user_created: hookChange, custom_access_token: hookChange })
    .nullish()
    .describe('Asked by a POST that is signed with the secret (whsec_...), as Standard Webhooks has it.'),
  smtp: changeOf({ ...smtp, password: secret })
    .nullish()
    .describe("null: mails go to the platform's mailbox."),
  templates: z
    .partialRecord(z.enum(MAIL_KINDS), changeOf(template).nullable())
    .nullish()
    .describe(`Each ${AUTH_MOST.templateBytes} bytes at most, all parts together. null: ours.`),
});

/** What is secret goes its own way, so that nothing of it can come among the settings. */
export function authChangeOf(body: z.output<typeof authSettingsChange>): AuthChange {
  const providers = parted(body.providers, 'client_secret');
  const captchas = parted(body.captcha && { captcha: body.captcha }, 'secret');
  const hooks = parted(body.hooks, 'secret');
  const servers = parted(body.smtp && { smtp: body.smtp }, 'password');
  const settings = {
    ...body,
    ...(body.providers && { providers: providers.settings }),
    ...(body.captcha && captchas.settings),
    ...(body.hooks && { hooks: hooks.settings }),
    ...(body.smtp && servers.settings),
  };
  return {
    settings: camelKeys(settings) as AuthSettingsChange,
    secrets: {
      smtpPassword: servers.secrets['smtp'],
      captchaSecret: captchas.secrets['captcha'],
      hookSecrets: camelKeys(hooks.secrets) as AuthSecretsChange['hookSecrets'] & object,
      providerSecrets: providers.secrets,
    },
  };
}

type Parts = Readonly<Record<string, object | null | undefined>>;

function parted(parts: Parts | null | undefined, key: string) {
  const secrets: Record<string, string | null> = {};
  const settings = Object.entries(parts ?? {}).map(([one, part]) => {
    if (!part) return [one, part];
    const { [key]: given, ...others } = part as Readonly<Record<string, unknown>>;
    if ((typeof given === 'string' && given !== SET) || given === null) secrets[one] = given;
    return [one, others];
  });
  return { secrets, settings: Object.fromEntries(settings) as Parts };
}

export function authSettingsBody(
  settings: AuthSettings,
  secrets: AuthSecrets,
): z.input<typeof authSettingsView> {
  const { providers, captcha, hooks, smtp } = settings;
  const mark = (value: string | null | undefined) => (typeof value === 'string' ? SET : null);
  const hookOf = (one: HookName) => hooks[one] && { ...hooks[one], secret: mark(secrets.hookSecrets[one]) };
  return snakeKeys({
    ...settings,
    providers: Object.fromEntries(
      Object.entries(providers).map(([one, value]) => [
        one,
        { ...value, clientSecret: mark(secrets.providerSecrets[one]) },
      ]),
    ),
    captcha: captcha && { ...captcha, secret: mark(secrets.captchaSecret) },
    hooks: Object.fromEntries(HOOK_NAMES.map((one) => [one, hookOf(one)])),
    smtp: smtp && { ...smtp, password: mark(secrets.smtpPassword) },
  }) as z.input<typeof authSettingsView>;
}

/** Their keys are names that are the same everywhere. */
const NAMED: ReadonlySet<string> = new Set(['providers', 'templates'] satisfies (keyof AuthSettings)[]);

/** Names of ours alone have capitals, so those of providers stay what they are. */
export const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function camelKeys(value: unknown, areNames = false): unknown {
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, one]) => [
    areNames ? key : camel(key),
    camelKeys(one, !areNames && NAMED.has(key)),
  ]);
  return Object.fromEntries(entries);
}

const snakeKeys = (value: unknown): unknown =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [snake(key), snakeKeys(one)]))
    : value;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
