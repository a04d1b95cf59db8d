import { expect, test } from 'vitest';
import { byteSize } from './byte-size.ts';

test.each([
  [0, 0],
  [1_024, 1_024],
  ['20MB', 20_000_000],
  ['20 mb', 20_000_000],
  ['1.5GB', 1_500_000_000],
  ['1000', 1_000],
  ['3KB', 3_000],
  ['12B', 12],
  ['0.3KB', 300],
])('%j is %d bytes', (given, bytes) => expect(byteSize(given)).toBe(bytes));

test.each([
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 60,
  '',
  'MB',
  '20 M',
  '20MiB',
  '-5MB',
  '1e9',
  '99999999TB',
  'twenty',
])('%j is no size', (given) => expect(byteSize(given)).toBeUndefined());
