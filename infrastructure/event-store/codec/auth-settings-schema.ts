/** How the event catalogue has a project's auth settings. A setting that comes later is optional here, for ever. */
import { z } from 'zod';
import { CAPTCHA_PROVIDERS, MAIL_KINDS, PASSWORD_KINDS } from '../../../domain/auth/auth-settings.ts';

const text = z.string();
const texts = z.array(text);
const hook = z.strictObject({ url: text, timeoutMs: z.int() }).nullable();
const provider = z.strictObject({
  enabled: z.boolean(),
  clientId: text,
  issuer: text.nullable(),
  scopes: texts,
});
const template = z.strictObject({ subject: text, text, html: text });

export const authSettings = z.strictObject({
  siteUrl: text.nullable(),
  allowedRedirects: texts,
  signUpsOpen: z.boolean(),
  anonymousSignIns: z.boolean(),
  emailSignIns: z.boolean(),
  autoconfirm: z.boolean(),
  secureEmailChange: z.boolean(),
  manualLinking: z.boolean(),
  password: z.strictObject({
    minLength: z.int(),
    requires: z.array(z.enum(PASSWORD_KINDS)),
    reauthenticate: z.boolean(),
    needsCurrent: z.boolean(),
  }),
  accessTokenSeconds: z.int(),
  refreshReuseSeconds: z.int(),
  endReusedSessions: z.boolean(),
  session: z.strictObject({
    maxSeconds: z.int().nullable(),
    idleSeconds: z.int().nullable(),
    onePerUser: z.boolean(),
  }),
  otp: z.strictObject({ digits: z.int(), expirySeconds: z.int() }),
  mailEverySeconds: z.int(),
  mfa: z.strictObject({
    totp: z.boolean(),
    webauthn: z.boolean().exactOptional(),
    recoveryCodes: z.boolean(),
    maxFactors: z.int(),
  }),
  passkeys: z.strictObject({
    enabled: z.boolean(),
    rpId: text.nullable(),
    rpName: text.nullable(),
    origins: texts,
  }),
  providers: z.record(text, provider),
  captcha: z
    .strictObject({ provider: z.enum(CAPTCHA_PROVIDERS), verifyUrl: text.nullable().exactOptional() })
    .nullable(),
  hooks: z.strictObject({ beforeUserCreated: hook, customAccessToken: hook }),
  smtp: z
    .strictObject({
      host: text,
      port: z.int(),
      user: text.nullable(),
      senderEmail: text,
      senderName: text.nullable(),
    })
    .nullable(),
  templates: z.partialRecord(z.enum(MAIL_KINDS), template),
});
