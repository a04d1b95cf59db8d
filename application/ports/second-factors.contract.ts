import { describe, expect, test } from 'vitest';
import { fromBase32, toBase32 } from '../../domain/auth/base32.ts';
import type { SecondFactors } from './second-factors.ts';

// RFC 6238, appendix B, SHA-1: the last six of its eight digits
const RFC_SECRET = toBase32(new TextEncoder().encode('12345678901234567890'));
const RFC_CODES = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
] as const;

export function secondFactorsContract(factors: SecondFactors): void {
  describe('codes of an authenticator', () => {
    test.each(RFC_CODES)('are those of the RFC, at %i seconds', (seconds, code) => {
      const step = Math.floor(seconds / 30);
      expect(factors.stepOf(code, RFC_SECRET, [step - 1, step, step + 1])).toBe(step);
      expect(factors.stepOf(code, RFC_SECRET, [step + 1, step + 2])).toBeUndefined();
      expect(factors.stepOf(code, RFC_SECRET, [])).toBeUndefined();
    });

    test.each(['', '28708', '2870820', '٢٨٧٠٨٢', '\u0000', 'x'.repeat(1000)])('%j is none', (code) => {
      expect(factors.stepOf(code, RFC_SECRET, [1])).toBeUndefined();
    });

    test('have no secret that is none', () => {
      for (const secret of ['', '{"key_id":"x"}', '0189'])
        expect(factors.stepOf('287082', secret, [1])).toBeUndefined();
    });

    test('have secrets of their own, of 160 bits', () => {
      const secrets = [factors.newSecret(), factors.newSecret()];
      expect(secrets[0]).not.toBe(secrets[1]);
      for (const secret of secrets) {
        expect(secret).toMatch(/^[A-Z2-7]{32}$/);
        expect(fromBase32(secret)).toHaveLength(20);
      }
    });
  });

  test('a QR code is SVG, and one text has one', () => {
    const [one, same, other] = ['otpauth://a', 'otpauth://a', 'otpauth://b'].map((uri) =>
      factors.qrCode(uri),
    );
    expect(one).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  describe('recovery codes', () => {
    test('are all different, and easy to copy', () => {
      const codes = factors.newRecoveryCodes(10);
      expect(new Set([...codes, ...factors.newRecoveryCodes(10)]).size).toBe(20);
      for (const code of codes) expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
    });

    test('are the same however they are typed, and each user’s own', () => {
      const hash = factors.recoveryHash('f-1', 'abcd-ibol-mnop-qrst');
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      for (const typed of ['ABCDIBOLMNOPQRST', ' abcd 1b0l mnop qrst ', 'abcd-i8ol-mnop-qrst'])
        expect(factors.recoveryHash('f-1', typed)).toBe(hash);
      expect(factors.recoveryHash('f-2', 'abcd-ibol-mnop-qrst')).not.toBe(hash);
      expect(factors.recoveryHash('f-1', 'abcd-ibol-mnop-qrsu')).not.toBe(hash);
    });
  });
}
