import { expect, test } from 'vitest';
import { partOf } from './byte-ranges.ts';

test.each([
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=0-', { first: 0, last: 999 }],
  ['bytes=-500', { first: 500, last: 999 }],
  ['bytes=-5000', { first: 0, last: 999 }],
  ['bytes=990-5000', { first: 990, last: 999 }],
  ['Bytes= 1-2 ', { first: 1, last: 2 }],
  ['bytes=1000-', 'none'],
  ['bytes=5000-6000', 'none'],
  ['bytes=-0', 'none'],
])('%s of 1000 bytes', (header, part) => expect(partOf(header, 1000)).toEqual(part));

test.each([
  undefined,
  '',
  'bytes',
  'bytes=',
  'bytes=-',
  'bytes=a-b',
  'bytes=2-1',
  'bytes=1-2-3',
  'bytes=0-1,5-6',
  'items=0-1',
  'bytes=0x1-2',
  'bytes=99999999999999999999-',
  `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(',')}`,
])('%s is no range', (header) => expect(partOf(header, 1000)).toBe('whole'));

test('nothing is in an empty object', () => {
  expect([partOf('bytes=0-0', 0), partOf('bytes=-1', 0), partOf('bytes=0-', 0)]).toEqual([
    'none',
    'none',
    'none',
  ]);
});
