/** What bodies of several endpoints have. */
import { z } from 'zod';

export const text = z.string().max(4_096);
/** how long it may be is for the rules to say, in their own words */
export const passwordText = z.string().max(100_000);
export const metadata = z.record(z.string(), z.unknown());
/** what the page that asks has solved */
export const captcha = {
  gotrue_meta_security: z.looseObject({ captcha_token: z.string().nullish() }).nullish(),
};
/** null where the client does not go by PKCE */
export const challenge = {
  code_challenge: text.nullish(),
  code_challenge_method: text.nullish(),
};
