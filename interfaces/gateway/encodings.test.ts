import { expect, test } from 'vitest';
import { isPackable, takesGzip } from './encodings.ts';

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['gzip, deflate', true],
  ['gzip, deflate, br, zstd', true],
  ['gzip, deflate;q=0', true],
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

test.each([
  [200, ['Content-Type', 'application/json; charset=utf-8'], true],
  [200, ['content-type', 'text/csv', 'Cache-Control', 'no-cache'], true],
  [200, ['Content-Type', 'text/event-stream'], false],
  [200, ['Content-Type', 'image/png'], false],
  [200, [], false],
  [304, ['Content-Type', 'application/json'], false],
  [200, ['Content-Type', 'application/json', 'Content-Encoding', 'br'], false],
  // an owner's function may set a second one
  [200, ['Content-Type', 'text/csv', 'Cache-Control', 'private', 'Cache-Control', 'no-transform'], false],
])('an answer of %s with %j', (status, headers, expected) => {
  expect(isPackable(status, headers)).toBe(expected);
});
