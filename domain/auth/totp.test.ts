import { describe, expect, test } from 'vitest';
import { NO_TRIES } from './bounded-tries.ts';
import { digitsOf, goodSteps, otpauthUri, stepAt, totpMemoryOf, totpMemoryToJson } from './totp.ts';

const at = (seconds: number) => new Date(seconds * 1000);

describe('steps', () => {
  test('are 30 seconds', () => {
    expect([0, 29.999, 30, 59, 60].map((seconds) => stepAt(at(seconds)))).toEqual([0, 0, 1, 1, 2]);
  });

  test('that are good: this one, the one before, the next', () => {
    expect(goodSteps(at(3_000), { lastStep: null })).toEqual([100, 99, 101]);
  });

  test('are used up with the last one that was good, and whatever was before it', () => {
    expect(goodSteps(at(3_000), { lastStep: 99 })).toEqual([100, 101]);
    expect(goodSteps(at(3_000), { lastStep: 100 })).toEqual([101]);
    expect(goodSteps(at(3_000), { lastStep: 101 })).toEqual([]);
  });
});

test('digits are those of RFC 4226, part 5.4', () => {
  const mac = Uint8Array.from(Buffer.from('1f8698690e02ca16618550ef7f19da8e945b555a', 'hex'));
  expect(digitsOf(mac)).toBe('872921');
  // of a view into something longer, too
  expect(digitsOf(Uint8Array.from([9, 9, ...mac, 9]).subarray(2, 22))).toBe('872921');
  expect(digitsOf(new Uint8Array(20))).toBe('000000');
});

test('what an authenticator reads names the issuer and the account, whatever is in them', () => {
  const uri = new URL(otpauthUri('Ümlaut: & Co', "o'neil+tag@ex.museum", 'GEZDGNBV'));
  expect(uri.protocol + uri.host).toBe('otpauth:totp');
  expect(decodeURIComponent(uri.pathname)).toBe("/Ümlaut  & Co:o'neil+tag@ex.museum");
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    algorithm: 'SHA1',
    digits: '6',
    issuer: 'Ümlaut  & Co',
    period: '30',
    secret: 'GEZDGNBV',
  });
  expect(otpauthUri('a', 'b', 'c')).not.toMatch(/\+/);
});

describe('what is remembered', () => {
  test('is read as it was written', () => {
    const tries = { wrong: 3, lastWrongAt: at(5) };
    for (const memory of [
      { lastStep: 7, tries },
      { lastStep: null, tries: NO_TRIES },
    ])
      expect(totpMemoryOf({ credential: totpMemoryToJson(memory) })).toEqual(memory);
  });

  test.each([null, {}, { last_step: 'x', wrong: -1 }, { wrong: 9, last_wrong_at: 'never' }])(
    'of %j there is nothing',
    (credential) => {
      expect(totpMemoryOf({ credential })).toEqual({ lastStep: null, tries: NO_TRIES });
    },
  );
});
