/** Which fields each form of the auth settings has. */
import type { Field } from './settings-fields.ts';

const switches = (...paths: readonly string[]): readonly Field[] =>
  paths.map((path) => ({ kind: 'switch', path }));

/** 32 random bytes, as Standard Webhooks writes such a secret. */
function makeHookSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `v1,whsec_${btoa(String.fromCharCode(...bytes))}`;
}

const hook = (name: string): readonly Field[] => [
  { kind: 'part', path: `hooks.${name}` },
  { kind: 'text', path: `hooks.${name}.url` },
  { kind: 'number', path: `hooks.${name}.timeout_ms`, initial: 5_000 },
  { kind: 'secret', path: `hooks.${name}.secret`, makes: makeHookSecret },
];

export const AUTH_FORMS = {
  signUps: switches(
    'sign_ups_open',
    'email_sign_ins',
    'anonymous_sign_ins',
    'autoconfirm',
    'secure_email_change',
    'manual_linking',
  ),
  addresses: [
    { kind: 'text', path: 'site_url', nullable: true },
    { kind: 'lines', path: 'allowed_redirects' },
  ],
  passwords: [
    { kind: 'number', path: 'password.min_length' },
    { kind: 'several', path: 'password.requires', of: ['lower', 'upper', 'digit', 'symbol'] },
    ...switches('password.reauthenticate', 'password.needs_current'),
  ],
  sessions: [
    { kind: 'number', path: 'access_token_seconds' },
    { kind: 'number', path: 'refresh_reuse_seconds' },
    { kind: 'number', path: 'session.max_seconds', nullable: true },
    { kind: 'number', path: 'session.idle_seconds', nullable: true },
    ...switches('end_reused_sessions', 'session.one_per_user'),
  ],
  factors: [
    ...switches('mfa.totp', 'mfa.webauthn', 'mfa.recovery_codes'),
    { kind: 'number', path: 'mfa.max_factors' },
  ],
  passkeys: [
    ...switches('passkeys.enabled'),
    { kind: 'text', path: 'passkeys.rp_id', nullable: true },
    { kind: 'text', path: 'passkeys.rp_name', nullable: true },
    { kind: 'lines', path: 'passkeys.origins' },
  ],
  captcha: [
    { kind: 'part', path: 'captcha' },
    { kind: 'one', path: 'captcha.provider', of: ['hcaptcha', 'turnstile'] },
    { kind: 'secret', path: 'captcha.secret' },
    { kind: 'text', path: 'captcha.verify_url', nullable: true },
  ],
  hooks: [...hook('before_user_created'), ...hook('custom_access_token')],
  codes: [
    { kind: 'number', path: 'otp.digits' },
    { kind: 'number', path: 'otp.expiry_seconds' },
    { kind: 'number', path: 'mail_every_seconds' },
  ],
  smtp: [
    { kind: 'part', path: 'smtp' },
    { kind: 'text', path: 'smtp.host' },
    { kind: 'number', path: 'smtp.port', initial: 587 },
    { kind: 'text', path: 'smtp.user', nullable: true },
    { kind: 'secret', path: 'smtp.password' },
    { kind: 'text', path: 'smtp.sender_email' },
    { kind: 'text', path: 'smtp.sender_name', nullable: true },
  ],
} as const satisfies Readonly<Record<string, readonly Field[]>>;

export const providerForm = (name: string): readonly Field[] => [
  { kind: 'switch', path: `providers.${name}.enabled`, initial: true },
  { kind: 'text', path: `providers.${name}.client_id` },
  { kind: 'secret', path: `providers.${name}.client_secret` },
  { kind: 'text', path: `providers.${name}.issuer`, nullable: true },
  { kind: 'lines', path: `providers.${name}.scopes` },
];

export const templateForm = (kind: string): readonly Field[] => [
  { kind: 'text', path: `templates.${kind}.subject` },
  { kind: 'text', path: `templates.${kind}.text`, long: true },
  { kind: 'text', path: `templates.${kind}.html`, long: true },
];
