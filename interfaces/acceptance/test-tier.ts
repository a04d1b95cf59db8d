/**
 * Two tiers. `npm run test:full` runs every test file in every shape, and every point of the crash matrix; `npm test` a core
 * of the files and a sample of all the rest. Which one follows from the commit, so that over time all of it is run, and a
 * failure can be had again: TEST_SEED=... npm test.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

export const SEED = process.env['TEST_SEED'] ?? commit();
export const isFull = process.env['TEST_TIER'] === 'full';

/** How many projects a test makes at once that shows that many get there. */
export const MANY_PROJECTS = isFull ? 50 : 10;

/** One of so many, at least one, in their order; all of them in the full tier. */
export function sampled<T>(items: readonly T[], oneOf: number): readonly T[] {
  if (isFull) return items;
  const chosen = new Set(inDrawnOrder(items, SEED).slice(0, Math.ceil(items.length / oneOf)));
  return items.filter((item) => chosen.has(item));
}

/** One of each group and, of them all, as many more as fit into so many seconds. */
export function drawnWithin<T>(
  seconds: number,
  groups: readonly (readonly T[])[],
  secondsOf: (item: T) => number,
  seed = SEED,
): readonly T[] {
  const drawn = new Set<T>();
  let left = seconds;
  const fits = (item: T) => !drawn.has(item) && secondsOf(item) <= left;
  const draw = (item: T) => {
    drawn.add(item);
    left -= secondsOf(item);
  };
  for (const group of inDrawnOrder(groups, seed)) {
    const first = inDrawnOrder(group, seed).find(fits);
    if (first !== undefined) draw(first);
  }
  for (const item of inDrawnOrder(groups.flat(), seed)) if (fits(item)) draw(item);
  return [...drawn];
}

function inDrawnOrder<T>(items: readonly T[], seed: string): readonly T[] {
  const rank = (item: T) =>
    createHash('sha256')
      .update(`${seed} ${JSON.stringify(item)}`)
      .digest('hex');
  return items.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'no commit';
  }
}
