import { expect, test } from 'vitest';
import { readSize, writeSize } from './byte-size.ts';

test.each([
  ['0', 0],
  ['20MB', 20_000_000],
  [' 1.5 gb ', 1_500_000_000],
  ['1,5 kb', 1_500],
  ['7 B', 7],
  ['', undefined],
  ['-1', undefined],
  ['20 MiB', undefined],
  ['1e3', undefined],
  ['99999999 TB', undefined],
])('%j is %j bytes', (text, bytes) => expect(readSize(text)).toBe(bytes));

test.each([0, 7, 1_000, 1_500, 20_000_000, 52_428_800, 5_368_709_120, 5_000_000_000_000])(
  '%d is written as what is read as the same',
  (bytes) => expect(readSize(writeSize(bytes))).toBe(bytes),
);

test('round ones are short', () => {
  expect([1_500, 20_000_000, 52_428_800].map(writeSize)).toEqual(['1.5 KB', '20 MB', '52428.8 KB']);
});
