import { expect, test } from 'vitest';
import { KeptFiles } from './kept-files.ts';

test('what was not asked for longest goes, until the rest has room', () => {
  const kept = new KeptFiles(10);
  kept.add('a', 4);
  kept.add('b', 4);
  expect([kept.find('a'), kept.find('c')]).toEqual([true, false]);
  kept.add('c', 4);
  expect(kept.tooMany()).toEqual(['b']);
  expect([kept.bytes, kept.find('b'), kept.find('a')]).toEqual([8, false, true]);
  kept.add('d', 11);
  expect(kept.tooMany()).toEqual(['c', 'a', 'd']);
  expect(kept.bytes).toBe(0);
});

test('one that comes again counts once, and what is removed not at all', () => {
  const kept = new KeptFiles(10);
  kept.add('p/a', 4);
  kept.add('p/a', 5);
  kept.add('q/a', 1);
  expect(kept.bytes).toBe(6);
  kept.remove('nothing');
  kept.removeAll((path) => path.startsWith('p/'));
  expect([kept.bytes, kept.find('q/a'), kept.tooMany()]).toEqual([1, true, []]);
});
