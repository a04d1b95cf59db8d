/** Codes of authenticators (RFC 6238): six digits, another one every 30 seconds. The one before and the next one are good, too. */
import { NO_TRIES, triesFromJson, triesToJson, type Tries } from './bounded-tries.ts';
import type { Factor, JsonObject } from './user.ts';

export const TOTP_DIGITS = 6;
const STEP_SECONDS = 30;
/** what the RFC recommends: as long as the hash */
export const TOTP_SECRET_BYTES = 20;

/** What is remembered of a factor, beside its secret. */
export interface TotpMemory {
  /** of the last code that was good: it, and whatever was before, is used up */
  readonly lastStep: number | null;
  readonly tries: Tries;
}

export const stepAt = (now: Date): number => Math.floor(now.getTime() / 1000 / STEP_SECONDS);

/** Those whose code is good now, the likeliest first. */
export function goodSteps(now: Date, { lastStep }: Pick<TotpMemory, 'lastStep'>): readonly number[] {
  const step = stepAt(now);
  return [step, step - 1, step + 1].filter((one) => lastStep === null || one > lastStep);
}

/** What RFC 4226 makes of an HMAC-SHA-1 over the step. */
export function digitsOf(mac: Uint8Array): string {
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = new DataView(mac.buffer, mac.byteOffset + offset, 4).getUint32(0) & 0x7f_ff_ff_ff;
  return String(number % 10 ** TOTP_DIGITS).padStart(TOTP_DIGITS, '0');
}

/** What the QR code holds: authenticators show the issuer and the account. */
export function otpauthUri(issuer: string, account: string, secret: string): string {
  // a colon would end the issuer
  const [by, of] = [issuer, account].map((text) => encodeURIComponent(text.replaceAll(':', ' ').trim()));
  const label = by === '' ? of : `${by}:${of}`;
  const parameters = `algorithm=SHA1&digits=${TOTP_DIGITS}&issuer=${by}&period=${STEP_SECONDS}&secret=${secret}`;
  return `otpauth://totp/${label}?${parameters}`;
}

/** It stands where a factor of another type has its credential. */
export function totpMemoryOf({ credential }: Pick<Factor, 'credential'>): TotpMemory {
  if (credential === null) return { lastStep: null, tries: NO_TRIES };
  const step = credential['last_step'];
  return {
    lastStep: typeof step === 'number' && Number.isSafeInteger(step) ? step : null,
    tries: triesFromJson(credential),
  };
}

export const totpMemoryToJson = ({ lastStep, tries }: TotpMemory): JsonObject => ({
  ...(lastStep !== null && { last_step: lastStep }),
  ...triesToJson(tries),
});
