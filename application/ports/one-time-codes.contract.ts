import { describe, expect, test } from 'vitest';
import type { OneTimeCodes } from './one-time-codes.ts';

export function oneTimeCodesContract(adapter: string, codes: OneTimeCodes): void {
  describe(`one-time codes: ${adapter}`, () => {
    test('codes have as many digits as asked for, zeros in front too, and are not the same', () => {
      const many = Array.from({ length: 500 }, () => codes.randomDigits(6));
      expect(many.every((code) => /^\d{6}$/.test(code))).toBe(true);
      expect(many.some((code) => code.startsWith('0'))).toBe(true);
      expect(new Set(many).size).toBeGreaterThan(490);
      expect(codes.randomDigits(10)).toMatch(/^\d{10}$/);
    });

    test('texts are random bytes in base64url', () => {
      expect(codes.randomText(32)).toMatch(/^[\w-]{43}$/);
      expect(codes.randomText(32)).not.toBe(codes.randomText(32));
    });

    test('the hash of an address and a code does not know the case of the address', () => {
      // printf 'a@b.example123456' | sha224sum
      const hash = codes.hashOf('a@b.example', '123456');
      expect(hash).toBe('dd26641906a75decb81cb2f9abd334d019733dc52b6fd7aee655a577');
      expect(codes.hashOf('A@B.Example', '123456')).toBe(hash);
      expect(codes.hashOf('a@b.example', '123457')).not.toBe(hash);
    });

    test('the challenge of a verifier is that of RFC 7636, appendix B', () => {
      expect(codes.challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      );
    });
  });
}
