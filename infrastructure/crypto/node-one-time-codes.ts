import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { OneTimeCodes } from '../../application/ports/one-time-codes.ts';

/** Node does not draw from more at once. */
const MOST_DIGITS = 14;

export const nodeOneTimeCodes: OneTimeCodes = {
  randomText: (size) => randomBytes(size).toString('base64url'),
  randomDigits: (digits) => {
    if (!Number.isInteger(digits) || digits < 1 || digits > MOST_DIGITS)
      throw new RangeError(`a code has 1 to ${MOST_DIGITS} digits`);
    return String(randomInt(10 ** digits)).padStart(digits, '0');
  },
  hashOf: (address, code) =>
    createHash('sha224')
      .update(address.toLowerCase() + code)
      .digest('hex'),
  challengeOf: (verifier) => createHash('sha256').update(verifier).digest('base64url'),
};
