import { expect, test } from 'vitest';
import { goDurationMs } from './go-duration.ts';

const HOUR = 3_600_000;

test.each([
  ['24h', 24 * HOUR],
  ['1h30m', 1.5 * HOUR],
  ['1.5h', 1.5 * HOUR],
  ['.5s', 500],
  ['5.s', 5_000],
  ['876000h', 876_000 * HOUR],
  ['1h1h', 2 * HOUR],
  ['100ms', 100],
  ['1m0.25s', 60_250],
  ['250\u00b5s', 0.25],
  ['250\u03bcs', 0.25],
  ['2000us', 2],
  ['1000000ns', 1],
  ['0', 0],
  ['+0', 0],
  ['0s', 0],
  ['+2s', 2_000],
  ['-2s', -2_000],
])('%s is a duration', (text, ms) => {
  expect(goDurationMs(text)).toBeCloseTo(ms, 6);
});

test.each([
  '',
  '+',
  '-',
  '24',
  'h',
  '24H',
  '1d',
  '1w',
  'none',
  'forever',
  '24h ',
  ' 24h',
  '1 h',
  '1h-30m',
  '1,5h',
  '.h',
  '1..5h',
  '1e3s',
  '0x1h',
  '\u0664h',
  'NaNs',
  'Infinityh',
  '9999999999h',
  `${'1'.repeat(200)}ns`,
  `${'1h'.repeat(60)}`,
])('%j is none', (text) => {
  expect(goDurationMs(text)).toBeUndefined();
});

test('of the longest that Go knows there is one', () => {
  expect(goDurationMs('2562047h')).toBe(2_562_047 * HOUR);
  expect(goDurationMs('2562048h')).toBeUndefined();
});
