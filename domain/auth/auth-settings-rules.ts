/** What auth settings may be: every text and every number has a limit, and some need each other. */
import { Rejection } from '../rejection.ts';
import {
  HOOK_NAMES,
  MAIL_KINDS,
  PROVIDERS_BY_NAME,
  type AuthSecrets,
  type AuthSettings,
} from './auth-settings.ts';
import {
  isAddress,
  isHook,
  isHostName,
  isIssuer,
  isOrigin,
  isPlain,
  isRedirect,
  isSiteUrl,
} from './auth-texts.ts';
import type { AuthSecretsChange } from './change-auth-settings.ts';
import { relyingPartyOf } from './relying-party.ts';

const DAY = 24 * 3600;

/** Numbers, each from and to. */
export const AUTH_RANGES = {
  minLength: [6, 72],
  accessTokenSeconds: [60, 7 * DAY],
  refreshReuseSeconds: [0, 3600],
  sessionSeconds: [60, 3650 * DAY],
  otpDigits: [6, 10],
  otpExpirySeconds: [60, DAY],
  mailEverySeconds: [0, DAY],
  maxFactors: [1, 30],
  port: [1, 65_535],
  timeoutMs: [100, 10_000],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export const AUTH_MOST = {
  redirects: 100,
  urlLength: 2_000,
  providers: 20,
  scopes: 20,
  origins: 10,
  nameLength: 200,
  subjectLength: 500,
  templateBytes: 64 * 1024,
  secretLength: 2_000,
} as const;

export const PROVIDER_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
/** ways of ours, which are no provider's */
const TAKEN_NAMES: ReadonlySet<string> = new Set([
  'email',
  'phone',
  'anonymous',
  'sms',
  'saml',
  'sso',
  'web3',
]);
/** of Standard Webhooks: base64 of 24 to 64 bytes; `v1,` before it as others show it */
const HOOK_SECRET = /^(?:v1,)?whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

/** `path`: to what is wrong, by the names of {@link AuthSettings}; secrets as if they were in the part that needs them */
export interface SettingsFault {
  readonly path: readonly string[];
  readonly detail: string;
}

export class InvalidAuthSettings extends Rejection {
  readonly faults: readonly SettingsFault[];

  constructor(faults: readonly SettingsFault[]) {
    super(
      'auth/invalid-settings',
      faults.map(({ path, detail }) => `${path.join('.')}: ${detail}`).join('; '),
    );
    this.faults = faults;
  }
}

/** @throws {InvalidAuthSettings} with every fault */
export function requireValidSettings(settings: AuthSettings): void {
  throwIfAny(settingsFaults(settings));
}

/**
 * @param told of the secrets, what the change brings
 * @throws {InvalidAuthSettings} with every fault, also one of the secrets
 */
export function requireValid(
  before: AuthSettings,
  settings: AuthSettings,
  secrets: AuthSecrets,
  told: AuthSecretsChange,
): void {
  throwIfAny([
    ...settingsFaults(settings),
    ...secretFaults(settings, secrets),
    ...secretsThatWouldMove(before, settings, secrets, told),
  ]);
}

/** Whoever may change the place that a secret is shown to, and has not got it, could have it sent to themselves. */
function secretsThatWouldMove(
  before: AuthSettings,
  after: AuthSettings,
  secrets: AuthSecrets,
  told: AuthSecretsChange,
): readonly SettingsFault[] {
  const detail = 'Give it again, or null: it would be shown to another host.';
  const faults = new Faults();
  const isElsewhere = before.smtp?.host !== after.smtp?.host || before.smtp?.port !== after.smtp?.port;
  const keeps = secrets.smtpPassword !== null && told.smtpPassword === undefined;
  faults.check(!keeps || !isElsewhere, ['smtp', 'password'], detail);
  for (const [name, { issuer }] of Object.entries(after.providers)) {
    const isHeld = Object.hasOwn(secrets.providerSecrets, name) && told.providerSecrets?.[name] === undefined;
    faults.check(
      !isHeld || before.providers[name]?.issuer === issuer,
      ['providers', name, 'clientSecret'],
      detail,
    );
  }
  const isOther =
    before.captcha?.provider !== after.captcha?.provider ||
    before.captcha?.verifyUrl !== after.captcha?.verifyUrl;
  const isHeld = secrets.captchaSecret !== null && told.captchaSecret === undefined;
  faults.check(!isHeld || !isOther, ['captcha', 'secret'], detail);
  return faults.all;
}

function throwIfAny(faults: readonly SettingsFault[]): void {
  if (faults.length > 0) throw new InvalidAuthSettings(faults);
}

/** Collects what is wrong. */
class Faults {
  readonly all: SettingsFault[] = [];

  check(fine: boolean, path: readonly string[], detail: string): void {
    if (!fine) this.all.push({ path, detail });
  }

  range(value: number | null, [least, most]: readonly [number, number], ...path: string[]): void {
    const fine = value === null || (Number.isInteger(value) && value >= least && value <= most);
    this.check(fine, path, `A whole number from ${least} to ${most}.`);
  }

  /** null is none */
  text(value: string | null, most: number, ...path: string[]): void {
    const detail = `1 to ${most} characters, without control characters.`;
    this.check(value === null || (value.length > 0 && value.length <= most && isPlain(value)), path, detail);
  }
}

function settingsFaults(settings: AuthSettings): readonly SettingsFault[] {
  const faults = new Faults();
  addresses(settings, faults);
  numbers(settings, faults);
  passkeys(settings, faults);
  providers(settings, faults);
  captcha(settings, faults);
  hooks(settings, faults);
  smtp(settings, faults);
  templates(settings, faults);
  return faults.all;
}

function addresses({ siteUrl, allowedRedirects }: AuthSettings, faults: Faults): void {
  const { redirects, urlLength } = AUTH_MOST;
  const fine = siteUrl === null || (siteUrl.length <= urlLength && isSiteUrl(siteUrl));
  faults.check(
    fine,
    ['siteUrl'],
    `A URL of http, https or an app's own scheme; ${urlLength} characters at most.`,
  );
  faults.check(allowedRedirects.length <= redirects, ['allowedRedirects'], `${redirects} at most.`);
  for (const [at, pattern] of allowedRedirects.slice(0, redirects).entries()) {
    const detail = `A URL whose scheme is written out, with * and ** in the rest; ${urlLength} characters at most.`;
    faults.check(pattern.length <= urlLength && isRedirect(pattern), ['allowedRedirects', `${at}`], detail);
  }
}

function numbers(settings: AuthSettings, faults: Faults): void {
  const { password, session, otp, mfa } = settings;
  faults.range(password.minLength, AUTH_RANGES.minLength, 'password', 'minLength');
  faults.check(isEachOnce(password.requires), ['password', 'requires'], 'Each once.');
  faults.range(settings.accessTokenSeconds, AUTH_RANGES.accessTokenSeconds, 'accessTokenSeconds');
  faults.range(settings.refreshReuseSeconds, AUTH_RANGES.refreshReuseSeconds, 'refreshReuseSeconds');
  faults.range(session.maxSeconds, AUTH_RANGES.sessionSeconds, 'session', 'maxSeconds');
  faults.range(session.idleSeconds, AUTH_RANGES.sessionSeconds, 'session', 'idleSeconds');
  faults.range(otp.digits, AUTH_RANGES.otpDigits, 'otp', 'digits');
  faults.range(otp.expirySeconds, AUTH_RANGES.otpExpirySeconds, 'otp', 'expirySeconds');
  faults.range(settings.mailEverySeconds, AUTH_RANGES.mailEverySeconds, 'mailEverySeconds');
  faults.range(mfa.maxFactors, AUTH_RANGES.maxFactors, 'mfa', 'maxFactors');
}

function passkeys(settings: AuthSettings, faults: Faults): void {
  const { rpId, rpName, origins, enabled } = settings.passkeys;
  faults.check(rpId === null || isHostName(rpId), ['passkeys', 'rpId'], 'A host name, in lower case.');
  faults.text(rpName, AUTH_MOST.nameLength, 'passkeys', 'rpName');
  faults.check(origins.length <= AUTH_MOST.origins, ['passkeys', 'origins'], `${AUTH_MOST.origins} at most.`);
  for (const [at, origin] of origins.slice(0, AUTH_MOST.origins).entries()) {
    const detail =
      'https://host of rp_id or below it, http:// for this machine only, or android:apk-key-hash:...';
    faults.check(isOrigin(origin, rpId), ['passkeys', 'origins', `${at}`], detail);
  }
  // what the project's own address is, nobody here knows: that is told to whoever asks for a key
  if (!(enabled || settings.mfa.webauthn) || settings.siteUrl === null || faults.all.length > 0) return;
  const party = relyingPartyOf(settings, settings.siteUrl);
  if ('fault' in party) faults.check(false, ['passkeys', 'rpId'], party.fault);
}

function providers({ providers: all }: AuthSettings, faults: Faults): void {
  const names = Object.keys(all);
  faults.check(names.length <= AUTH_MOST.providers, ['providers'], `${AUTH_MOST.providers} at most.`);
  for (const name of names.slice(0, AUTH_MOST.providers)) {
    const { enabled, clientId, issuer, scopes } = all[name] as AuthSettings['providers'][string];
    const path = ['providers', name];
    const isName = PROVIDER_NAME.test(name) && !TAKEN_NAMES.has(name);
    faults.check(isName, path, 'Not a name for a provider: a-z, 0-9, "-" and "_", a letter first.');
    if (enabled || clientId !== '') faults.text(clientId, 500, ...path, 'clientId');
    const fine = issuer === null || (issuer.length <= AUTH_MOST.urlLength && isIssuer(issuer));
    faults.check(fine, [...path, 'issuer'], 'A URL of https; of http for this machine only.');
    const known = issuer !== null || PROVIDERS_BY_NAME.has(name);
    faults.check(known, [...path, 'issuer'], `Needed of all but ${[...PROVIDERS_BY_NAME].join(' and ')}.`);
    const areScopes =
      scopes.length <= AUTH_MOST.scopes && scopes.every((scope) => /^[!#-[\]-~]{1,200}$/.test(scope));
    faults.check(areScopes, [...path, 'scopes'], `${AUTH_MOST.scopes} at most, of 1 to 200 characters.`);
  }
}

function captcha({ captcha: asked }: AuthSettings, faults: Faults): void {
  const url = asked?.verifyUrl ?? null;
  const fine = url === null || (url.length <= AUTH_MOST.urlLength && isHook(url));
  faults.check(fine, ['captcha', 'verifyUrl'], 'A URL of https; of http for this machine only.');
}

function hooks({ hooks: all }: AuthSettings, faults: Faults): void {
  for (const name of HOOK_NAMES) {
    const hook = all[name];
    if (!hook) continue;
    const fine = hook.url.length <= AUTH_MOST.urlLength && isHook(hook.url);
    faults.check(fine, ['hooks', name, 'url'], 'Needed: a URL of https; of http for this machine only.');
    faults.range(hook.timeoutMs, AUTH_RANGES.timeoutMs, 'hooks', name, 'timeoutMs');
  }
}

function smtp({ smtp: server }: AuthSettings, faults: Faults): void {
  if (!server) return;
  faults.check(
    isHostName(server.host),
    ['smtp', 'host'],
    'Needed: a host name or an address, without a port.',
  );
  faults.range(server.port, AUTH_RANGES.port, 'smtp', 'port');
  faults.text(server.user, AUTH_MOST.nameLength, 'smtp', 'user');
  faults.check(isAddress(server.senderEmail), ['smtp', 'senderEmail'], 'Needed: an e-mail address.');
  faults.text(server.senderName, AUTH_MOST.nameLength, 'smtp', 'senderName');
}

function templates({ templates: all }: AuthSettings, faults: Faults): void {
  for (const kind of MAIL_KINDS) {
    const template = all[kind];
    if (!template) continue;
    const { subject, text, html } = template;
    faults.text(subject, AUTH_MOST.subjectLength, 'templates', kind, 'subject');
    for (const [part, value] of Object.entries({ text, html })) {
      const fine = value !== '' && isPlain(value.replace(/[\t\n\r]+/g, ''));
      faults.check(fine, ['templates', kind, part], 'Needed, without control characters.');
    }
    const bytes = new TextEncoder().encode(subject + text + html).length;
    const { templateBytes: most } = AUTH_MOST;
    faults.check(bytes <= most, ['templates', kind], `${most} bytes at most, all parts together.`);
  }
}

function secretFaults(settings: AuthSettings, secrets: AuthSecrets): readonly SettingsFault[] {
  const faults = new Faults();
  const secret = (value: string | null, ...path: string[]) =>
    faults.text(value, AUTH_MOST.secretLength, ...path);
  secret(secrets.smtpPassword, 'smtp', 'password');
  secret(secrets.captchaSecret, 'captcha', 'secret');
  faults.check(!settings.captcha || secrets.captchaSecret !== null, ['captcha', 'secret'], 'Needed.');
  for (const name of HOOK_NAMES) {
    const value = secrets.hookSecrets[name];
    const fine = settings.hooks[name] === null || (value !== null && HOOK_SECRET.test(value));
    const detail = 'Needed: whsec_ and the base64 of 24 to 64 bytes, which sign what the hook is asked.';
    faults.check(fine, ['hooks', name, 'secret'], detail);
  }
  for (const [name, { enabled }] of Object.entries(settings.providers)) {
    const value = secrets.providerSecrets[name] ?? null;
    secret(value, 'providers', name, 'clientSecret');
    const fine = !enabled || !PROVIDERS_BY_NAME.has(name) || value !== null;
    faults.check(fine, ['providers', name, 'clientSecret'], 'Needed to enable it.');
  }
  return faults.all;
}

const isEachOnce = (all: readonly string[]): boolean => new Set(all).size === all.length;
