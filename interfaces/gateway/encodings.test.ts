import { expect, test } from 'vitest';
import { takesGzip } from './encodings.ts';

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['gzip, deflate', true],
  ['br, GZIP;q=0.5', true],
  ['deflate, *', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip;q=0.0', false],
  ['identity', false],
  ['gzipped', false],
])('Accept-Encoding: %s', (header, expected) => {
  expect(takesGzip(header)).toBe(expected);
});
