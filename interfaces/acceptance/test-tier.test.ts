import { expect, test } from 'vitest';
import { drawnWithin } from './test-tier.ts';

const files = Array.from({ length: 40 }, (_, at) => ({ name: `file ${at}`, seconds: 5 + at }));
const draw = (seed: string) => drawnWithin(120, files, ({ seconds }) => seconds, seed);
const seeds = Array.from({ length: 300 }, (_, at) => `commit ${at}`);

test('what is drawn fits, and nothing that would fit is left out', () => {
  for (const seed of seeds) {
    const drawn = draw(seed);
    const sum = drawn.reduce((all, { seconds }) => all + seconds, 0);
    expect(sum).toBeLessThanOrEqual(120);
    const left = files.filter((file) => !drawn.includes(file));
    expect(Math.min(...left.map(({ seconds }) => seconds))).toBeGreaterThan(120 - sum);
  }
});

test('a seed draws the same again, another one others, and each file has its turn', () => {
  expect(draw('8db9edd')).toEqual(draw('8db9edd'));
  expect(draw('8db9edd')).not.toEqual(draw('a4ef3fc'));
  expect(new Set(seeds.flatMap(draw)).size).toBe(files.length);
});

test('what alone is too long has its turn, too', () => {
  const long = { name: 'long', seconds: 500 };
  const drawn = seeds.map((seed) => drawnWithin(120, [...files, long], ({ seconds }) => seconds, seed));
  expect(drawn.filter((some) => some.includes(long)).length).toBeGreaterThan(0);
});
