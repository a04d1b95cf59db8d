import { describe, expect, test } from 'vitest';
import { crumbsOf, encodePath, folderOf, freeName, isPath, nameOf, storablePath } from './object-paths.ts';

test('in an address every part is encoded, and the slashes between them stay', () => {
  expect(encodePath("a b/c?d&e+f/it's.txt")).toBe("a%20b/c%3Fd%26e%2Bf/it's.txt");
  expect(encodePath('100%/ä#')).toBe('100%25/%C3%A4%23');
});

test.each([
  ['a.txt', '', 'a.txt'],
  ['a/b/c.txt', 'a/b/', 'c.txt'],
  ['a/b/', 'a/', 'b'],
  ['a/', '', 'a'],
  ['', '', ''],
])('%j is in %j and is called %j', (path, folder, name) => {
  expect([folderOf(path), nameOf(path)]).toEqual([folder, name]);
});

test('the way to a folder', () => {
  expect(crumbsOf('')).toEqual([]);
  expect(crumbsOf('a/b/')).toEqual([
    { name: 'a', folder: 'a/' },
    { name: 'b', folder: 'a/b/' },
  ]);
});

describe('what the storage takes', () => {
  test.each(['a', 'a/b', "it's/!.*'() &$=@;:+,?-_", '...', 'x'.repeat(1024)])('%j', (path) => {
    expect([isPath(path), storablePath(path)]).toEqual([true, path]);
  });
  test.each([
    ['Übung/Straße.txt', 'Ubung/Strasse.txt'],
    ['a[1]#2%.png', 'a_1__2_.png'],
    ['/a//b/', 'a/b'],
    ['../a/./b', '__/a/_/b'],
    ['\u{1f600}.png', '_.png'],
    ['a\\b', 'a_b'],
    ['Cafe\u0301', 'Cafe'],
    ['x'.repeat(1030), 'x'.repeat(1024)],
  ])('and not %j, which becomes %j', (path, storable) => {
    expect([isPath(path), storablePath(path), isPath(storable)]).toEqual([false, storable, true]);
  });
});

test('a name beside one that is taken', () => {
  const taken = new Set(['a/b.txt', 'a/b (2).txt', '.env', 'c']);
  const free = (path: string) => freeName(path, (one) => taken.has(one));
  expect(['a/b.txt', 'a/c.txt', '.env', 'c'].map(free)).toEqual([
    'a/b (3).txt',
    'a/c.txt',
    '.env (2)',
    'c (2)',
  ]);
});
