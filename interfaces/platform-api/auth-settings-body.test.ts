import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  AUTH_DEFAULTS,
  completeSettings,
  NO_AUTH_SECRETS,
  type StoredSettings,
} from '../../domain/auth/auth-settings.ts';
import { changeAuthSecrets, changeAuthSettings } from '../../domain/auth/change-auth-settings.ts';
import {
  authChangeOf,
  authSettingsBody,
  authSettingsChange,
  authSettingsView,
} from './auth-settings-body.ts';

const golden = new URL(
  '../../infrastructure/event-store/codec/golden/AuthSettingsChanged.v1.all-settings.json',
  import.meta.url,
);
const stored = JSON.parse(readFileSync(golden, 'utf8')) as { settings: StoredSettings };
const settings = completeSettings(stored.settings);
const secrets = {
  smtpPassword: 'hunter2',
  captchaSecret: 'hunter3',
  hookSecrets: { beforeUserCreated: 'whsec_hunter4', customAccessToken: null },
  providerSecrets: { 'my-oidc': 'hunter5' },
};

test('every setting is shown, by the schema that the document has, and of secrets whether they are set', () => {
  const body = authSettingsBody(settings, secrets);
  expect(authSettingsView.strict().parse(body)).toEqual(body);
  expect(JSON.stringify(body)).not.toMatch(/hunter|[a-z][A-Z]\w*":/);
  expect([body.smtp?.password, body.captcha?.secret, body.hooks.before_user_created?.secret]).toEqual([
    'set',
    'set',
    'set',
  ]);
  expect(body.hooks.custom_access_token?.secret).toBe(null);
  expect(body.providers['google']?.client_secret).toBe(null);
  expect(body.providers['my-oidc']?.client_secret).toBe('set');
  const defaults = authSettingsBody(AUTH_DEFAULTS, NO_AUTH_SECRETS);
  expect(authSettingsView.strict().parse(defaults)).toEqual(defaults);
});

test('what is shown can be sent back: nothing changes, be it a secret', () => {
  const change = authChangeOf(authSettingsChange.parse(authSettingsBody(settings, secrets)));
  expect(changeAuthSettings(settings, change.settings)).toEqual(settings);
  expect(changeAuthSettings(AUTH_DEFAULTS, change.settings)).toEqual(settings);
  // null is as much as what was set: none
  expect(changeAuthSecrets(secrets, change.secrets, settings)).toEqual(secrets);
});

test('secrets go their own way, whole, as null, or absent', () => {
  const body = {
    providers: { 'my_idp-1': { client_id: 'a_b', client_secret: 'one' }, github: null, google: {} },
    captcha: { secret: 'two' },
    hooks: {
      before_user_created: { secret: null },
      custom_access_token: { timeout_ms: 100, secret: 'three' },
    },
    smtp: { password: 'set', sender_email: 'a@b.example' },
    templates: { magic_link: { subject: 'x' }, email_change: null },
  };
  const change = authChangeOf(authSettingsChange.parse(body));
  expect(change.secrets).toEqual({
    smtpPassword: undefined,
    captchaSecret: 'two',
    hookSecrets: { beforeUserCreated: null, customAccessToken: 'three' },
    providerSecrets: { 'my_idp-1': 'one' },
  });
  expect(change.settings).toEqual({
    providers: { 'my_idp-1': { clientId: 'a_b' }, github: null, google: {} },
    captcha: {},
    hooks: { beforeUserCreated: {}, customAccessToken: { timeoutMs: 100 } },
    smtp: { senderEmail: 'a@b.example' },
    templates: { magic_link: { subject: 'x' }, email_change: null },
  });
  expect(authChangeOf({ smtp: null, hooks: null, captcha: null, providers: null }).settings).toEqual({
    smtp: null,
    hooks: null,
    captcha: null,
    providers: null,
  });
});
