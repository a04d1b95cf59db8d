import { describe, expect, test } from 'vitest';
import { AUTH_DEFAULTS } from './auth-settings.ts';
import { isTooLong, normalPassword, passwordFaults } from './password-rules.ts';

const rules = (change: Partial<typeof AUTH_DEFAULTS.password>) => ({ ...AUTH_DEFAULTS.password, ...change });

describe('what is too weak', () => {
  test('by default, fewer than six characters', () => {
    expect(passwordFaults('12345', AUTH_DEFAULTS.password)).toEqual(['length']);
    expect(passwordFaults('123456', AUTH_DEFAULTS.password)).toEqual([]);
    expect(passwordFaults('', AUTH_DEFAULTS.password)).toEqual(['length']);
  });

  test('characters are counted, neither bytes nor UTF-16 units, in either Unicode form', () => {
    expect(passwordFaults('üüüüü', AUTH_DEFAULTS.password)).toEqual(['length']);
    expect(passwordFaults('\u{1F600}'.repeat(5), AUTH_DEFAULTS.password)).toEqual(['length']);
    expect(passwordFaults('\u{1F600}'.repeat(6), AUTH_DEFAULTS.password)).toEqual([]);
    expect(passwordFaults('u\u0308'.repeat(5), AUTH_DEFAULTS.password)).toEqual(['length']);
  });

  test.each([
    ['lower', 'abcdef', 'ABCDEF1!'],
    ['upper', 'ABCDEF', 'abcdef1!'],
    ['digit', '123456', 'abcDEF!?'],
    ['symbol', 'abc+def', 'abc DEF1'],
    ['lower', 'ÄÖÜßÄÖ', 'ÄÖÜÄÖÜ'],
    ['upper', 'äöüäöÜ', 'äöüäöü'],
  ] as const)('%s: %s has one, %s has none', (kind, good, bad) => {
    expect(passwordFaults(good, rules({ requires: [kind] }))).toEqual([]);
    expect(passwordFaults(bad, rules({ requires: [kind] }))).toEqual(['characters']);
  });

  test('every kind that is asked for has to be there, and both faults are told', () => {
    const strict = rules({ minLength: 10, requires: ['lower', 'upper', 'digit', 'symbol'] });
    expect(passwordFaults('Passw0rd-Pass', strict)).toEqual([]);
    expect(passwordFaults('Passw0rdPass', strict)).toEqual(['characters']);
    expect(passwordFaults('Passw0rd', strict)).toEqual(['length', 'characters']);
  });
});

describe('what is too long', () => {
  test('more than 72 bytes, whatever the number of characters', () => {
    expect(isTooLong('x'.repeat(72))).toBe(false);
    expect(isTooLong('x'.repeat(73))).toBe(true);
    expect(isTooLong('ü'.repeat(36))).toBe(false);
    expect(isTooLong('ü'.repeat(40))).toBe(true);
    expect(isTooLong('\u{1F600}'.repeat(19))).toBe(true);
  });

  test('what counts is what is hashed: the normal form', () => {
    expect(isTooLong('u\u0308'.repeat(36))).toBe(false);
    expect(isTooLong('u\u0308'.repeat(37))).toBe(true);
  });

  test('a text that is made to take long is not normalised at all', () => {
    const endless = `a${'\u0301\u0316'.repeat(100_000)}`;
    expect(normalPassword(endless)).toBe(endless);
    expect(isTooLong(endless)).toBe(true);
  });
});
