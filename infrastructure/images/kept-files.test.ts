import { expect, test } from 'vitest';
import { KeptFiles } from './kept-files.ts';

const KIB = 1024;

test('what was not asked for longest goes, until the rest has room', () => {
  const kept = new KeptFiles(100 * KIB);
  kept.add('a', 40 * KIB);
  kept.add('b', 40 * KIB);
  expect([kept.find('a'), kept.find('c')]).toEqual([true, false]);
  kept.add('c', 40 * KIB);
  expect(kept.tooMany()).toEqual(['b']);
  expect([kept.bytes, kept.find('b'), kept.find('a')]).toEqual([80 * KIB, false, true]);
  kept.add('d', 110 * KIB);
  expect(kept.tooMany()).toEqual(['c', 'a', 'd']);
  expect(kept.bytes).toBe(0);
});

test('one that comes again counts once, and what is removed not at all', () => {
  const kept = new KeptFiles(100 * KIB);
  kept.add('p/a', 30 * KIB);
  kept.add('p/a', 50 * KIB);
  kept.add('q/a', 10 * KIB);
  expect(kept.bytes).toBe(60 * KIB);
  kept.remove('nothing');
  kept.removeAll((path) => path.startsWith('p/'));
  expect([kept.bytes, kept.find('p/a'), kept.find('q/a')]).toEqual([10 * KIB, false, true]);
});

test('very many very small ones have a bound, too', () => {
  const kept = new KeptFiles(100 * KIB);
  for (let index = 0; index < 30; index++) kept.add(String(index), 1);
  expect(kept.tooMany()).toEqual(['0', '1', '2', '3', '4']);
  expect(kept.bytes).toBe(100 * KIB);
});
