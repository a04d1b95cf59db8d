import { expect, test } from 'vitest';
import { drawnWithin } from './test-tier.ts';

interface File {
  readonly name: string;
  readonly seconds: number;
}
const group = (name: string): File[] =>
  Array.from({ length: 20 }, (_, at) => ({ name: `${name} ${at}`, seconds: 5 + 2 * at }));
const groups = [group('crash'), group('shape'), group('other')];
const draw = (seed: string, of = groups) => drawnWithin(130, of, ({ seconds }) => seconds, seed);
const seeds = Array.from({ length: 300 }, (_, at) => `commit ${at}`);

test('what is drawn fits, nothing that would fit is left out, and there is one of each group', () => {
  for (const seed of seeds) {
    const drawn = draw(seed);
    const sum = drawn.reduce((all, { seconds }) => all + seconds, 0);
    expect(sum).toBeLessThanOrEqual(130);
    const left = groups.flat().filter((file) => !drawn.includes(file));
    expect(Math.min(...left.map(({ seconds }) => seconds))).toBeGreaterThan(130 - sum);
    for (const files of groups) expect(files.some((file) => drawn.includes(file))).toBe(true);
  }
});

test('a seed draws the same again, another one others, and each file has its turn', () => {
  expect(draw('8db9edd')).toEqual(draw('8db9edd'));
  expect(draw('8db9edd')).not.toEqual(draw('a4ef3fc'));
  expect(new Set(seeds.flatMap((seed) => draw(seed))).size).toBe(groups.flat().length);
});

test('what alone is too long is left to the full tier', () => {
  const long = { name: 'long', seconds: 131 };
  const [crash = [], ...others] = groups;
  expect(seeds.some((seed) => draw(seed, [[...crash, long], ...others]).includes(long))).toBe(false);
});
