import { expect, test } from 'vitest';
import { isContentCoding } from './content-coding.ts';

test.each(['gzip', 'br, gzip', 'x-a\t,b', 'a,b,c,d'])('%j is one', (text) =>
  expect(isContentCoding(text)).toBe(true),
);

test.each(['', ' gzip', 'a b', 'a,\nb', 'a\n,b', 'a\r\n', 'a,b,c,d,e', 'ä', 'x'.repeat(41)])(
  '%j is none',
  (text) => expect(isContentCoding(text)).toBe(false),
);
