import { expect, test } from 'vitest';
import { projectId } from '../project/project-id.ts';
import { authSettingsDecider } from './auth-settings-decider.ts';
import { InvalidAuthSettings, requireValid } from './auth-settings-rules.ts';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS, type AuthSecrets, type AuthSettings } from './auth-settings.ts';
import {
  changeAuthSecrets,
  changeAuthSettings,
  type AuthSecretsChange,
  type AuthSettingsChange,
} from './change-auth-settings.ts';

const id = projectId('proj_0000000000000001');
const HOOK_SECRET = `whsec_${'A'.repeat(32)}`;

/** The places of what is wrong. */
function faultsOf(
  change: AuthSettingsChange,
  told: AuthSecretsChange = {},
  before: AuthSettings = AUTH_DEFAULTS,
  held: AuthSecrets = NO_AUTH_SECRETS,
): string[] {
  const settings = changeAuthSettings(before, change);
  try {
    requireValid(before, settings, changeAuthSecrets(held, told, settings), told);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidAuthSettings)) throw error;
    return error.faults.map(({ path }) => path.join('.'));
  }
}

const smtp = { host: 'mail.example.com', senderEmail: 'hello@example.com' };
const google = { enabled: true, clientId: '1.apps.example' };
const template = { subject: 'Hello', text: 'in', html: '<p>in</p>' };

test('what is absent stays, and null is the default again, at every depth', () => {
  const changed = changeAuthSettings(AUTH_DEFAULTS, {
    signUpsOpen: false,
    password: { minLength: 10 },
    smtp,
    providers: { google },
    templates: { invite: template },
    hooks: { customAccessToken: { url: 'https://hooks.example' } },
  });
  expect(changed).toEqual({
    ...AUTH_DEFAULTS,
    signUpsOpen: false,
    password: { ...AUTH_DEFAULTS.password, minLength: 10 },
    smtp: {
      host: 'mail.example.com',
      port: 587,
      user: null,
      senderEmail: 'hello@example.com',
      senderName: null,
    },
    providers: { google: { enabled: true, clientId: '1.apps.example', issuer: null, scopes: [] } },
    templates: { invite: template },
    hooks: { beforeUserCreated: null, customAccessToken: { url: 'https://hooks.example', timeoutMs: 5_000 } },
  });
  expect(changeAuthSettings(changed, {})).toEqual(changed);
  expect(changeAuthSettings(changed, { signUpsOpen: undefined, smtp: undefined })).toEqual(changed);
  expect(changeAuthSettings(changed, { smtp: { port: 25 } }).smtp).toEqual({ ...changed.smtp, port: 25 });
  expect(changeAuthSettings(changed, { smtp: { port: null } }).smtp?.port).toBe(587);
  expect(changeAuthSettings(changed, { providers: { github: google } }).providers).toHaveProperty('google');
  const back = changeAuthSettings(changed, {
    signUpsOpen: null,
    password: { minLength: null },
    smtp: null,
    providers: { google: null },
    templates: null,
    hooks: null,
  });
  expect(back).toEqual(AUTH_DEFAULTS);
});

test('what a part has kept secret goes with it, and nothing else does', () => {
  const settings = changeAuthSettings(AUTH_DEFAULTS, {
    smtp,
    captcha: { provider: 'turnstile' },
    providers: { google, github: google },
    hooks: { beforeUserCreated: { url: 'https://hooks.example' } },
  });
  const secrets = changeAuthSecrets(
    NO_AUTH_SECRETS,
    {
      smtpPassword: 'p',
      captchaSecret: 'c',
      hookSecrets: { beforeUserCreated: 'b', customAccessToken: 'of none' },
      providerSecrets: { google: 'g', github: 'h', other: 'of none' },
    },
    settings,
  );
  expect(secrets).toEqual({
    smtpPassword: 'p',
    captchaSecret: 'c',
    hookSecrets: { beforeUserCreated: 'b', customAccessToken: null },
    providerSecrets: { google: 'g', github: 'h' },
  });
  expect(changeAuthSecrets(secrets, {}, settings)).toEqual(secrets);
  expect(changeAuthSecrets(secrets, { smtpPassword: null }, settings).smtpPassword).toBe(null);
  const without = changeAuthSettings(settings, { providers: { google: null } });
  expect(changeAuthSecrets(secrets, {}, without)).toEqual({ ...secrets, providerSecrets: { github: 'h' } });
  expect(changeAuthSecrets(secrets, {}, AUTH_DEFAULTS)).toEqual(NO_AUTH_SECRETS);
});

test('nothing that is so already is an event', () => {
  const state = { settings: AUTH_DEFAULTS, secrets: null, revision: -1 };
  const decide = (
    settings: AuthSettings,
    secrets: { keyVersion: number; ciphertext: string } | null = null,
  ) => authSettingsDecider.decide({ kind: 'ChangeAuthSettings', projectId: id, settings, secrets }, state);
  expect(decide(AUTH_DEFAULTS)).toEqual([]);
  const shuffled = Object.fromEntries(Object.entries(AUTH_DEFAULTS).reverse()) as unknown as AuthSettings;
  expect(decide(shuffled)).toEqual([]);
  const settings = { ...AUTH_DEFAULTS, allowedRedirects: ['https://a.example'] };
  expect(decide(settings)).toEqual([{ type: 'AuthSettingsChanged', data: { projectId: id, settings } }]);
  const sealed = { keyVersion: 1, ciphertext: 'x' };
  expect(decide(AUTH_DEFAULTS, sealed)).toHaveLength(1);
  const at = { revision: 4, recordedAt: new Date(0) };
  const [event] = decide(settings, sealed);
  expect(authSettingsDecider.evolve(state, { ...event!, ...at })).toEqual({
    settings,
    secrets: sealed,
    revision: 4,
  });
  expect(() => decide({ ...AUTH_DEFAULTS, accessTokenSeconds: 1 })).toThrow(InvalidAuthSettings);
});

test.each<[string, AuthSettingsChange, AuthSettingsChange]>([
  ['password.minLength', { password: { minLength: 6 } }, { password: { minLength: 5 } }],
  ['password.minLength', { password: { minLength: 72 } }, { password: { minLength: 73 } }],
  [
    'password.requires',
    { password: { requires: ['lower', 'digit'] } },
    { password: { requires: ['lower', 'lower'] } },
  ],
  ['accessTokenSeconds', { accessTokenSeconds: 60 }, { accessTokenSeconds: 59 }],
  ['accessTokenSeconds', { accessTokenSeconds: 604_800 }, { accessTokenSeconds: 604_801 }],
  ['accessTokenSeconds', { accessTokenSeconds: 61 }, { accessTokenSeconds: 61.5 }],
  ['refreshReuseSeconds', { refreshReuseSeconds: 0 }, { refreshReuseSeconds: -1 }],
  ['session.maxSeconds', { session: { maxSeconds: 60 } }, { session: { maxSeconds: 59 } }],
  ['session.idleSeconds', { session: { idleSeconds: 60 } }, { session: { idleSeconds: 0 } }],
  ['otp.digits', { otp: { digits: 10 } }, { otp: { digits: 11 } }],
  ['otp.digits', { otp: { digits: 6 } }, { otp: { digits: 5 } }],
  ['otp.expirySeconds', { otp: { expirySeconds: 86_400 } }, { otp: { expirySeconds: 86_401 } }],
  ['mailEverySeconds', { mailEverySeconds: 0 }, { mailEverySeconds: 86_401 }],
  ['mfa.maxFactors', { mfa: { maxFactors: 30 } }, { mfa: { maxFactors: 0 } }],
  ['smtp.port', { smtp }, { smtp: { ...smtp, port: 65_536 } }],
  ['smtp.host', { smtp }, { smtp: { senderEmail: 'a@b.example' } }],
  ['smtp.host', { smtp: { ...smtp, host: '192.0.2.1' } }, { smtp: { ...smtp, host: 'mail.example.com:25' } }],
  ['smtp.host', { smtp: { ...smtp, host: '2001:db8::1' } }, { smtp: { ...smtp, host: 'mail example' } }],
  ['smtp.senderEmail', { smtp }, { smtp: { host: 'mail.example.com' } }],
  ['smtp.senderEmail', { smtp }, { smtp: { ...smtp, senderEmail: 'a@b.example\r\nBcc: c@d.example' } }],
  ['smtp.senderName', { smtp: { ...smtp, senderName: 'Zoë' } }, { smtp: { ...smtp, senderName: 'a\nb' } }],
  [
    'templates.invite.subject',
    { templates: { invite: template } },
    { templates: { invite: { ...template, subject: 'a\r\nb' } } },
  ],
  [
    'templates.invite.html',
    { templates: { invite: { ...template, html: '\t\u00fc\n' } } },
    { templates: { invite: { ...template, html: 'a\0' } } },
  ],
  [
    'templates.invite',
    { templates: { invite: { ...template, text: 'ü'.repeat(32_761) } } },
    { templates: { invite: { ...template, text: 'ü'.repeat(32_762) } } },
  ],
  [
    'templates.recovery.html',
    { templates: { recovery: template } },
    { templates: { recovery: { ...template, html: null } } },
  ],
  [
    'allowedRedirects',
    { allowedRedirects: Array<string>(100).fill('a://b') },
    { allowedRedirects: Array<string>(101).fill('a://b') },
  ],
  [
    'allowedRedirects.1',
    { allowedRedirects: ['a://b', `https://${'a'.repeat(1_992)}`] },
    { allowedRedirects: ['a://b', `https://${'a'.repeat(1_993)}`] },
  ],
  ['passkeys.rpId', { passkeys: { rpId: 'shop.example' } }, { passkeys: { rpId: 'https://shop.example' } }],
  [
    'passkeys.origins.0',
    { passkeys: { rpId: 'shop.example', origins: ['https://a.shop.example'] } },
    { passkeys: { rpId: 'shop.example', origins: ['https://notshop.example'] } },
  ],
  [
    'passkeys.origins.0',
    { passkeys: { origins: ['http://localhost:3000'] } },
    { passkeys: { origins: ['http://shop.example'] } },
  ],
  [
    'passkeys.origins.0',
    { passkeys: { origins: [`android:apk-key-hash:${'a'.repeat(43)}`] } },
    { passkeys: { origins: ['https://shop.example/'] } },
  ],
  [
    'providers.my-idp.issuer',
    { providers: { 'my-idp': { ...google, issuer: 'https://id.example' } } },
    { providers: { 'my-idp': google } },
  ],
  [
    'providers.my-idp.issuer',
    { providers: { 'my-idp': { ...google, issuer: 'http://127.0.0.1:9/x' } } },
    { providers: { 'my-idp': { ...google, issuer: 'http://id.example' } } },
  ],
  [
    'providers.my-idp.scopes',
    { providers: { 'my-idp': { issuer: 'https://id.example', scopes: ['a:b'] } } },
    { providers: { 'my-idp': { issuer: 'https://id.example', scopes: ['a b'] } } },
  ],
  [
    'providers.my-idp.clientId',
    { providers: { 'my-idp': { issuer: 'https://id.example' } } },
    { providers: { 'my-idp': { enabled: true, issuer: 'https://id.example' } } },
  ],
  [
    'providers.Nöt',
    { providers: { not: { issuer: 'https://id.example' } } },
    { providers: { Nöt: { issuer: 'https://id.example' } } },
  ],
  [
    'providers.email',
    { providers: { emails: { issuer: 'https://id.example' } } },
    { providers: { email: { issuer: 'https://id.example' } } },
  ],
] as [string, AuthSettingsChange, AuthSettingsChange][])('%s has its limits', (place, fine, wrong) => {
  expect(faultsOf(fine)).toEqual([]);
  expect(faultsOf(wrong)).toEqual([place]);
});

test.each([
  'https://shop.example',
  'http://localhost:3000/welcome?a=1#top',
  'https://shop.example/ä',
  'myapp://welcome',
  'com.example.shop:/oauth',
  'exp://127.0.0.1:19000',
  null,
])('people may come back to %s', (siteUrl) => {
  expect(faultsOf({ siteUrl })).toEqual([]);
});

const NOWHERE = [
  'javascript:alert(1)',
  'JaVaScript://shop.example/%0aalert(1)',
  'java\tscript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://shop.example/1',
  'view-source:https://shop.example',
  'shop.example',
  '//shop.example',
  'https:shop.example',
  'https:/shop.example',
  'https:\\\\shop.example',
  'https://user:pass@shop.example',
  'https://shop.example\r\nSet-Cookie: a=b',
  ' https://shop.example',
  'https://shop.example/a b',
  'https://shop.example/"<x>',
  'https://',
  '',
];
test.each(NOWHERE)('nobody is sent to %j', (text) => {
  expect(faultsOf({ siteUrl: text })).toEqual(['siteUrl']);
  expect(faultsOf({ allowedRedirects: [text] })).toEqual(['allowedRedirects.0']);
});

test.each([
  ['https://*.shop.example/**', true],
  ['http://localhost:*/**', true],
  ['https://shop.example/*?next=**', true],
  ['myapp://**', true],
  ['**', false],
  ['*://shop.example', false],
  ['http*://shop.example', false],
  ['java*:alert(1)', false],
])('the pattern %s: %s', (pattern, fine) => {
  expect(faultsOf({ allowedRedirects: [pattern] })).toEqual(fine ? [] : ['allowedRedirects.0']);
});

test.each([
  ['https://hooks.example/user?a=1', true],
  ['http://localhost:54321/hook', true],
  ['http://[::1]:1/', true],
  ['http://127.9.9.9/', true],
  ['http://hooks.example/', false],
  ['http://127.0.0.1.hooks.example/', false],
  ['http://localhost@hooks.example/', false],
  ['https://user:pass@hooks.example/', false],
  ['pg-functions://postgres/public/hook', false],
  ['', false],
])('a hook at %s: %s', (url, fine) => {
  const faults = faultsOf(
    { hooks: { customAccessToken: { url } } },
    { hookSecrets: { customAccessToken: HOOK_SECRET } },
  );
  expect(faults).toEqual(fine ? [] : ['hooks.customAccessToken.url']);
});

test('what asks others, or is asked by them, has a secret', () => {
  const hook = { hooks: { beforeUserCreated: { url: 'https://hooks.example' } } };
  expect(faultsOf(hook)).toEqual(['hooks.beforeUserCreated.secret']);
  for (const secret of ['hunter2', 'whsec_short', `whsec_${'A'.repeat(90)}`])
    expect(faultsOf(hook, { hookSecrets: { beforeUserCreated: secret } })).toEqual([
      'hooks.beforeUserCreated.secret',
    ]);
  for (const secret of [HOOK_SECRET, `v1,${HOOK_SECRET}`])
    expect(faultsOf(hook, { hookSecrets: { beforeUserCreated: secret } })).toEqual([]);
  expect(faultsOf({ captcha: { provider: 'hcaptcha' } })).toEqual(['captcha.secret']);
  expect(faultsOf({ captcha: { provider: 'hcaptcha' } }, { captchaSecret: '0x1' })).toEqual([]);
  expect(faultsOf({ captcha: { verifyUrl: 'http://captcha.example' } }, { captchaSecret: '0x1' })).toEqual([
    'captcha.verifyUrl',
  ]);
  expect(faultsOf({ providers: { google } })).toEqual(['providers.google.clientSecret']);
  expect(faultsOf({ providers: { google } }, { providerSecrets: { google: 's' } })).toEqual([]);
  expect(faultsOf({ providers: { google: { ...google, enabled: false } } })).toEqual([]);
  expect(faultsOf({ smtp }, { smtpPassword: 'a\nb' })).toEqual(['smtp.password']);
  expect(faultsOf({ smtp }, { smtpPassword: 'a'.repeat(2_001) })).toEqual(['smtp.password']);
});

test('a secret does not move to another host: it is given again, or taken away', () => {
  const idp = { ...google, issuer: 'https://id.example' };
  const before = changeAuthSettings(AUTH_DEFAULTS, {
    smtp,
    providers: { idp },
    captcha: { provider: 'hcaptcha' },
  });
  const held = { ...NO_AUTH_SECRETS, smtpPassword: 'p', captchaSecret: 'c', providerSecrets: { idp: 's' } };
  const faults = (change: AuthSettingsChange, told: AuthSecretsChange = {}) =>
    faultsOf(change, told, before, held);
  expect(faults({ smtp: { senderName: 'Shop', user: 'x' }, providers: { idp: { clientId: 'y' } } })).toEqual(
    [],
  );
  expect(faults({ smtp: { host: 'evil.example' } })).toEqual(['smtp.password']);
  expect(faults({ smtp: { port: 2_525 } })).toEqual(['smtp.password']);
  for (const smtpPassword of ['p', null])
    expect(faults({ smtp: { host: 'other.example' } }, { smtpPassword })).toEqual([]);
  const elsewhere = { providers: { idp: { issuer: 'https://evil.example' } } };
  expect(faults(elsewhere)).toEqual(['providers.idp.clientSecret']);
  expect(faults(elsewhere, { providerSecrets: { idp: 's' } })).toEqual([]);
  expect(faults({ captcha: { provider: 'turnstile' } })).toEqual(['captcha.secret']);
  expect(faults({ captcha: { provider: 'turnstile' } }, { captchaSecret: 'd' })).toEqual([]);
  const mine = { captcha: { verifyUrl: 'https://evil.example/siteverify' } };
  expect(faults(mine)).toEqual(['captcha.secret']);
  expect(faults(mine, { captchaSecret: 'd' })).toEqual([]);
});

test('all that is wrong is told at once', () => {
  const change = { siteUrl: 'x', otp: { digits: 1 }, smtp: { host: '' } };
  expect(faultsOf(change)).toEqual(['siteUrl', 'otp.digits', 'smtp.host', 'smtp.senderEmail']);
});
