import { expect, test } from 'vitest';
import { cacheControlOf, cacheControlOfField } from './cache-control.ts';

test.each([
  ['3600', 'max-age=3600'],
  [' 0 ', 'max-age=0'],
  ['public, max-age=5', 'public, max-age=5'],
  ['', 'no-cache'],
  ['a\r\nset-cookie: b', 'no-cache'],
])('the field %j is %j', (given, header) => expect(cacheControlOfField(given)).toBe(header));

test('a header is taken as it is, where it may be one', () => {
  expect([cacheControlOf('3600'), cacheControlOf(undefined), cacheControlOf('ä')]).toEqual([
    '3600',
    'no-cache',
    'no-cache',
  ]);
});
