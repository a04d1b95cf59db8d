import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLATFORM_LIMITS } from './events.ts';
import { boundsOf, decideFill, sizeLimitOf, type DatabaseFill } from './limits.ts';

const MB = 1024 * 1024;
const LIMIT = 1_000 * MB;
const at = (level: DatabaseFill['level'], megabytes: number): DatabaseFill => ({
  level,
  bytes: megabytes * MB,
  limitBytes: LIMIT,
  since: new Date(0),
});
const seen = (megabytes: number, rewriting = false) => ({ bytes: megabytes * MB, rewriting });
const WITHIN = 'DatabaseSizeBackWithinLimit';
const types = (fill: DatabaseFill | null, size: ReturnType<typeof seen>, limit: number | null = LIMIT) =>
  decideFill(fill, size, limit).map(({ type }) => type);

describe('what follows from the size of a database', () => {
  test.each([
    ['a warning at 80 %', null, 799, 800, 'DatabaseSizeWarned'],
    ['read only at 100 %', at('near-limit', 800), 999, 1_000, 'DatabaseSizeExceeded'],
    ['read only without a warning when it was quick', null, 799, 1_500, 'DatabaseSizeExceeded'],
    ['well within below 75 %', at('near-limit', 800), 750, 749, 'DatabaseSizeRelaxed'],
    ['writable below 95 %', at('read-only', 1_000), 950, 949, WITHIN],
    ['cut off at a fifth more', at('read-only', 1_000), 1_199, 1_200, 'DatabaseSizeOverrun'],
    ['a burst was no defiance', at('read-only', 3_000), 3_199, 3_200, 'DatabaseSizeOverrun'],
    ['let in again below half of that', at('cut-off', 1_200), 1_100, 1_099, 'DatabaseSizeExceeded'],
    ['or writable at once', at('cut-off', 1_200), 1_100, 949, WITHIN],
  ] as const)('%s', (_title, fill, nothing, something, type) => {
    expect(types(fill, seen(nothing))).toEqual([]);
    expect(types(fill, seen(something))).toEqual([type]);
  });

  test('what is far below again needs no second look', () => {
    expect(types(at('read-only', 1_000), seen(100))).toEqual([WITHIN, 'DatabaseSizeRelaxed']);
  });

  test('a small limit leaves 100 MB before anybody is cut off', () => {
    const limit = 10 * MB;
    expect(types(at('read-only', 10), seen(109), limit)).toEqual([]);
    expect(types(at('read-only', 10), seen(110), limit)).toEqual(['DatabaseSizeOverrun']);
  });

  test('a table that is rewritten is there twice: that is not growth', () => {
    expect(types(at('read-only', 1_000), seen(1_900, true))).toEqual([]);
    expect(types(at('near-limit', 900), seen(1_800, true))).toEqual([]);
    // unless it is more than that could be
    expect(types(at('read-only', 1_000), seen(2_400, true))).toEqual(['DatabaseSizeOverrun']);
  });

  test('another limit counts from the next look on', () => {
    expect(types(at('cut-off', 1_200), seen(1_300), 2_000 * MB)).toEqual([WITHIN, 'DatabaseSizeRelaxed']);
    expect(types(null, seen(700), 500 * MB)).toEqual(['DatabaseSizeExceeded']);
    expect(types(at('cut-off', 1_200), seen(9_000), null)).toEqual([WITHIN, 'DatabaseSizeRelaxed']);
    expect(types(at('near-limit', 800), seen(800), null)).toEqual(['DatabaseSizeRelaxed']);
    expect(types(null, seen(9_000), null)).toEqual([]);
  });

  test('whatever was and is seen, the next look at the same size says nothing', () => {
    const level = fc.constantFrom('near-limit', 'read-only', 'cut-off', undefined);
    const after = {
      DatabaseSizeWarned: 'near-limit',
      [WITHIN]: 'near-limit',
      DatabaseSizeExceeded: 'read-only',
    };
    const next = (fill: DatabaseFill | null, megabytes: number): DatabaseFill | null =>
      decideFill(fill, seen(megabytes), LIMIT).reduce<DatabaseFill | null>((_before, { type }) => {
        if (type === 'DatabaseSizeRelaxed') return null;
        return at(type in after ? (after[type as keyof typeof after] as 'read-only') : 'cut-off', megabytes);
      }, null);
    fc.assert(
      fc.property(level, fc.nat(4_000), fc.nat(4_000), (before, was, is) => {
        const fill = before ? at(before, was) : null;
        if (decideFill(fill, seen(is), LIMIT).length === 0) return;
        expect(types(next(fill, is), seen(is))).toEqual([]);
      }),
    );
  });
});

test('a limit of its own goes before the platform’s, also none', () => {
  expect(sizeLimitOf(PLATFORM_LIMITS, 0)).toBeNull();
  expect(sizeLimitOf(PLATFORM_LIMITS, 5)).toBe(5 * MB);
  expect(sizeLimitOf({ ...PLATFORM_LIMITS, databaseSizeMb: 7 }, 5)).toBe(7 * MB);
  expect(sizeLimitOf({ ...PLATFORM_LIMITS, databaseSizeMb: 0 }, 5)).toBeNull();
});

test('what logins and the REST API are like', () => {
  const limits = { databaseSizeMb: 1, connections: 12, statementTimeoutS: 600 };
  const usual = { connections: 12, statementTimeoutS: 600, readOnly: false, restWrites: 'all' };
  expect(boundsOf({ limits, fill: null })).toEqual(usual);
  expect(boundsOf({ limits, fill: at('near-limit', 1) })).toEqual(usual);
  const readOnly = { ...usual, readOnly: true, restWrites: 'deletions' };
  expect(boundsOf({ limits, fill: at('read-only', 1) })).toEqual(readOnly);
  expect(boundsOf({ limits, fill: at('cut-off', 1) })).toEqual({
    ...readOnly,
    connections: 0,
    restWrites: 'none',
  });
  expect(boundsOf({ limits: PLATFORM_LIMITS, fill: null })).toMatchObject({
    connections: 30,
    statementTimeoutS: 120,
  });
});
