import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { renderSVG } from 'uqr';
import type { SecondFactors } from '../../application/ports/second-factors.ts';
import { fromBase32, toBase32 } from '../../domain/auth/base32.ts';
import {
  RECOVERY_CODE_BYTES,
  shownRecoveryCode,
  typedRecoveryCode,
} from '../../domain/auth/recovery-codes.ts';
import { digitsOf, TOTP_DIGITS, TOTP_SECRET_BYTES } from '../../domain/auth/totp.ts';

const CODE = new RegExp(`^\\d{${TOTP_DIGITS}}$`);

export const nodeSecondFactors: SecondFactors = {
  newSecret: () => toBase32(randomBytes(TOTP_SECRET_BYTES)),

  stepOf(code, secret, steps) {
    const key = fromBase32(secret);
    if (!key || !CODE.test(code)) return undefined;
    const given = Buffer.from(code);
    return steps.find((step) => timingSafeEqual(Buffer.from(codeAt(key, step)), given));
  },

  qrCode: (text) => renderSVG(text, { ecc: 'M', border: 4 }),

  newRecoveryCodes: (count) =>
    Array.from({ length: count }, () => shownRecoveryCode(toBase32(randomBytes(RECOVERY_CODE_BYTES)))),

  recoveryHash: (factorId, code) =>
    createHash('sha256')
      .update(`${factorId}:${typedRecoveryCode(code)}`)
      .digest('hex'),
};

function codeAt(key: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  return digitsOf(createHmac('sha1', key).update(counter).digest());
}
