import { expect, test } from 'vitest';
import { goalInWords, line, shown } from './figure-line.ts';
import { sample as figure } from './figure-sample.ts';

test('a figure in words says its spread, what is beside it, and that its goal is missed', () => {
  expect(line(figure)).toBe(
    '  first <request>: 240 ms (220 to 310, 5 rounds); bare: 120 ms; ratio 2.00 (1.90 to 2.20); goal: ratio at most 1.5: missed',
  );
});

test('what it has not got is not spoken of', () => {
  const alone = { ...figure, beside: null, ratio: null, ratioSpread: null, goal: null, met: null };
  expect(line({ ...alone, spread: [240, 240], rounds: 1 })).toBe('  first <request>: 240 ms');
});

test('goals and numbers are written as people write them', () => {
  expect(goalInWords({ valueAtLeast: 100_000, ratioAtLeast: 0.5 }, 'events/s')).toBe(
    'at least 100,000 events/s, or ratio at least 0.5',
  );
  expect([0.123, 12.34, 123.4, 12_345].map(shown)).toEqual(['0.12', '12.3', '123', '12,345']);
});
