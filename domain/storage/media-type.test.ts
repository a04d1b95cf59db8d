import { describe, expect, test } from 'vitest';
import { essenceOf, isAllowedType, isMediaRange, servedType } from './media-type.ts';

test.each([
  ['text/plain', 'text/plain'],
  ['Text/PLAIN;charset=UTF-8', 'text/plain'],
  ['audio/webm;codecs=opus', 'audio/webm'],
  [' image/svg+xml ', 'image/svg+xml'],
  ['application/vnd.a.b-c+json ; q="x; y"', 'application/vnd.a.b-c+json'],
])('%j is of the type %j', (given, essence) => expect(essenceOf(given)).toBe(essence));

test.each([
  '',
  'text',
  'text/',
  '/plain',
  'text/plain\r\nx: y',
  'text/plain\n;x',
  'text plain/x',
  'a/b/c',
  `a/${'b'.repeat(300)}`,
  'té/x',
])('%j is no media type', (given) => expect(essenceOf(given)).toBeUndefined());

describe('a bucket', () => {
  test.each([
    ['text/plain;charset=UTF-8', ['text/plain']],
    ['AUDIO/webm;codecs=opus', ['audio/WebM']],
    ['image/png', ['text/plain', 'image/*']],
    ['any/thing', ['*/*']],
    ['any/thing', null],
    ['any/thing', []],
  ])('takes %s where %j are allowed', (given, allowed) => expect(isAllowedType(given, allowed)).toBe(true));

  test.each([
    ['text/plain', ['text/html']],
    ['imagery/png', ['image/*']],
    ['text/plainer', ['text/plain']],
    ['nonsense', ['*/*']],
    ['image/png', ['nonsense']],
  ])('does not take %s where %j are allowed', (given, allowed) =>
    expect(isAllowedType(given, allowed)).toBe(false),
  );

  test('may allow types and ranges of them', () => {
    expect(['image/png', 'image/*', '*/*', 'image', '*/png', 'a/b; c=d', ''].map(isMediaRange)).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});

test.each([
  ['text/html', 'text/plain'],
  ['TEXT/HTML; charset=utf-8', 'text/plain; charset=utf-8'],
  ['application/xhtml+xml', 'text/plain'],
  ['image/svg+xml', 'image/svg+xml'],
  ['image/png', 'image/png'],
  ['nonsense\r\nx: y', 'application/octet-stream'],
])('%j is served as %j', (given, served) => expect(servedType(given)).toBe(served));
