import { expect, test } from 'vitest';
import { figureOf, isMet, median, quantile, type Round } from './statistics.ts';

const rounds = (
  ...each: readonly (readonly [ours: number | number[], theirs: number | number[]])[]
): Round[] =>
  each.map(
    ([ours, theirs]) =>
      new Map([
        ['ours', { ms: ours }],
        ['theirs', { ms: theirs }],
      ]),
  );
const spec = { name: 'one', unit: 'ms', of: ['ours', 'ms'], beside: ['theirs', 'ms'] } as const;

test('the median of an even number lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([])).toBeNaN();
});

test('a quantile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, nth) => 100 - nth);
  expect([0, 0.5, 0.95, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 50, 95, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
});

test('beside nothing at all there is no ratio', () => {
  for (const ours of [0, 2])
    expect(figureOf('s', spec, rounds([ours, 0]))).toMatchObject({ ratio: null, ratioSpread: null });
});

test('the ratio is the median of what the rounds say, not the ratio of two medians', () => {
  // the machine was three times as slow in the second round, for both
  const figure = figureOf('s', spec, rounds([10, 5], [30, 15], [12, 4]));
  expect(figure).toMatchObject({
    section: 's',
    value: 12,
    spread: [10, 30],
    rounds: 3,
    beside: { name: 'theirs', value: 5 },
    ratio: 2,
    ratioSpread: [2, 3],
  });
});

test('of many things in a round the quantile is taken of all, its ratio of each round', () => {
  const figure = figureOf(
    's',
    { ...spec, quantile: 1 },
    rounds(
      [
        [1, 8],
        [2, 4],
      ],
      [[3, 9], [3]],
    ),
  );
  expect([figure.value, figure.ratio]).toEqual([9, 2.5]);
});

test('a goal is met or missed, and without one it is neither', () => {
  const judged = (goal: object) => figureOf('s', { ...spec, goal }, rounds([10, 5])).met;
  expect(judged({ ratioAtMost: 2 })).toBe(true);
  expect(judged({ ratioAtMost: 1.9 })).toBe(false);
  expect(judged({ valueAtLeast: 10 })).toBe(true);
  expect(judged({ valueAtMost: 9 })).toBe(false);
  expect(figureOf('s', spec, rounds([10, 5])).met).toBeNull();
});

test('of several bounds one is enough; a ratio that there is not meets nothing', () => {
  expect(isMet({ valueAtLeast: 100, ratioAtLeast: 0.5 }, 60, 0.6)).toBe(true);
  expect(isMet({ valueAtLeast: 100, ratioAtLeast: 0.5 }, 60, 0.4)).toBe(false);
  expect(isMet({ ratioAtMost: 2 }, 60, null)).toBe(false);
});

test('a figure about what nobody measured is an error of the section', () => {
  expect(() => figureOf('s', { ...spec, of: ['ours', 'rate'] }, rounds([1, 1]))).toThrow(
    '"ours" has no measure "rate"',
  );
});
