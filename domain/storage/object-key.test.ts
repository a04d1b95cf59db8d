import { describe, expect, test } from 'vitest';
import { fileNameOf, isObjectKey, type ObjectKey } from './object-key.ts';

describe('the name of an object', () => {
  test.each([
    'a',
    'a/b',
    'a b (1)&c.txt',
    "it's/!.*'() &$=@;:+,?-_",
    '...',
    'a/..b',
    '.hidden',
    'x'.repeat(1024),
  ])('may be %j', (name) => expect(isObjectKey(name)).toBe(true));

  test.each([
    ['nothing', ''],
    ['a slash', '/'],
    ['an empty segment', 'a//b'],
    ['a slash in front', '/a'],
    ['a slash behind', 'a/'],
    ['a dot segment', 'a/./b'],
    ['a way up', '../a'],
    ['a way up at the end', 'a/..'],
    ['nothing but a way up', '..'],
    ['NUL', 'a\0b'],
    ['a line end', 'a\n'],
    ['DEL', 'a\x7f'],
    ['a backslash', 'a\\b'],
    ['a letter beyond ASCII', 'ä'],
    ['a letter composed', 'a\u0308'],
    ['a slash that looks like one', 'a\u2215b'],
    ['brackets', 'a[1]'],
    ['a percent sign', 'a%2e'],
    ['a number sign', 'a#b'],
    ['too much', 'x'.repeat(1025)],
  ])('is not %s', (_what, name) => expect(isObjectKey(name)).toBe(false));

  test('ends with the name of the file', () => {
    expect(['a', 'b/c', 'd/e/f.txt'].map((key) => fileNameOf(key as ObjectKey))).toEqual(['a', 'c', 'f.txt']);
  });
});
