import { expect, test } from 'vitest';
import fc from 'fast-check';
import { fromBase32, toBase32 } from './base32.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

// RFC 4648, part 10
test.each([
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('%s is %s', (text, base32) => {
  expect(toBase32(bytesOf(text))).toBe(base32);
  expect(fromBase32(base32)).toEqual(bytesOf(text));
});

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
      expect(fromBase32(toBase32(bytes))).toEqual(bytes);
    }),
  );
});

test('people type it in their way', () => {
  expect(fromBase32('mzxw 6ytb-oi======')).toEqual(bytesOf('foobar'));
});

test.each(['', '====', 'MZXW1', 'MZ=XW', 'ÄÖ', 'A'])('%j is nothing', (text) => {
  expect(fromBase32(text)).toBeUndefined();
});
