import { expect, test } from 'vitest';
import { Passes } from './passes.ts';
import type { Round } from './statistics.ts';

const round = (ms: number): Round => new Map([['ours', { ms }]]);

test('each pass has its part of the rounds, and a figure is of all of them', () => {
  const passes = new Passes(2);
  expect([5, 15, 2].map((wanted, nth) => passes.share(`group ${nth}`, wanted))).toEqual([3, 8, 1]);
  expect(passes.add('wake', [round(1)])).toEqual([round(1)]);
  expect(passes.add('wake', [round(2), round(3)])).toEqual([round(1), round(2), round(3)]);
  expect(passes.add('door', [round(9)])).toEqual([round(9)]);
});

test('what can be done once only is not done again; what failed is', () => {
  const passes = new Passes(2);
  expect(passes.share('soak', 1)).toBe(1);
  expect(passes.isDone('soak')).toBe(false);
  passes.add('soak', [round(1)]);
  expect(passes.isDone('soak')).toBe(true);
  passes.share('pairs', 2);
  passes.add('pairs', [round(1)]);
  expect(passes.isDone('pairs')).toBe(false);
});

test('a single pass has all rounds', () => {
  const passes = new Passes(1);
  expect([passes.next(), passes.inWords, passes.share('wake', 5)]).toEqual([true, undefined, 5]);
  expect([passes.isLast('wake'), passes.next()]).toEqual([true, false]);
});

test('figures are told with the last rounds of their group', () => {
  const passes = new Passes(2);
  passes.next();
  passes.share('soak', 1);
  expect([passes.inWords, passes.isLast('wake'), passes.isLast('soak')]).toEqual([
    'Pass 1 of 2',
    false,
    true,
  ]);
  passes.next();
  expect([passes.inWords, passes.isLast('wake'), passes.next()]).toEqual(['Pass 2 of 2', true, false]);
});
