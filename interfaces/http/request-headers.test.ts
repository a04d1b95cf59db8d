import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { etagOf, includesRevision, parseIfMatch, parseIfNoneMatch } from './etag.ts';
import { plainAddress } from './client-address.ts';
import { parsePrefer } from './prefer.ts';
import { RequestProblem } from './problems.ts';

const onlyRequestProblems = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RequestProblem);
  }
};

describe('etag', () => {
  test.each([
    [undefined, undefined],
    ['*', '*'],
    [etagOf(0), [0]],
    ['"3", "7"', [3, 7]],
    ['W/"3", "7"', [7]],
    ['"03", "x", "-1", "1e3", "7"', [7]],
    ['"99999999999"', []],
  ])('If-Match %s', (header, wanted) => expect(parseIfMatch(header)).toEqual(wanted));

  test('If-None-Match compares weakly', () => expect(parseIfNoneMatch('W/"3"')).toEqual([3]));
  test.each(['', '3', '"3', '"3" "4"', '"3",', '*, "3"'])('%s is not a list of tags', (header) => {
    expect(() => parseIfMatch(header)).toThrow(RequestProblem);
  });
  test('a star includes every revision', () => {
    expect(includesRevision('*', 5)).toBe(true);
    expect(includesRevision([4], 5)).toBe(false);
    expect(includesRevision([4, 5], 5)).toBe(true);
  });
  test('any text', () => fc.assert(fc.property(fc.string(), onlyRequestProblems(parseIfMatch))));
});

describe('prefer', () => {
  test.each([
    [undefined, { respondAsync: false, waitMs: 10_000 }],
    ['wait=3', { respondAsync: false, waitMs: 3_000 }],
    ['WAIT = "3" ; x=y', { respondAsync: false, waitMs: 3_000 }],
    ['wait=3600', { respondAsync: false, waitMs: 60_000 }],
    ['wait=-1, wait=x, return=minimal', { respondAsync: false, waitMs: 10_000 }],
    ['respond-async', { respondAsync: true, waitMs: 0 }],
    ['respond-async, wait=2', { respondAsync: true, waitMs: 2_000 }],
  ])('%s', (header, preference) => expect(parsePrefer(header, 10_000)).toEqual(preference));
  test('any text waits for a bounded time', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { waitMs } = parsePrefer(text, 10_000);
        return waitMs >= 0 && waitMs <= 60_000;
      }),
    ));
});

describe('address', () => {
  test.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:db8::1', '2001:db8::1'],
    ["'; DROP TABLE", undefined],
    [undefined, undefined],
  ])('%s', (given, plain) => expect(plainAddress(given)).toBe(plain));
});
