import { expect, test } from 'vitest';
import { NO_TRIES } from './bounded-tries.ts';
import {
  recoveryCodesOf,
  recoveryCodesToJson,
  shownRecoveryCode,
  typedRecoveryCode,
} from './recovery-codes.ts';

test('a code is shown in groups, and typed as people do', () => {
  expect(shownRecoveryCode('ABCDEFGHIJKLMNOP')).toBe('abcd-efgh-ijkl-mnop');
  expect(typedRecoveryCode(' Abcd efgh-iJKL0118')).toBe('ABCDEFGHIJKLOIIB');
});

test('a set is read as it was written; what is odd in it is no code', () => {
  const codes = { hashes: ['a', 'b'], tries: { wrong: 1, lastWrongAt: new Date(5) } };
  expect(recoveryCodesOf({ credential: recoveryCodesToJson(codes) })).toEqual(codes);
  for (const credential of [null, {}, { hashes: 'a' }, { hashes: [7, null] }])
    expect(recoveryCodesOf({ credential })).toEqual({ hashes: [], tries: NO_TRIES });
});
