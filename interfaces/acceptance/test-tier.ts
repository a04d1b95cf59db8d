/**
 * Two tiers. `npm run test:full` runs every point of the crash matrix and every acceptance test in every shape; `npm test`
 * runs all that is in one process or in one shape, and of the rest a sample. Which one follows from the commit, so that
 * over time all of it is run, and a failure can be had again: TEST_SEED=... npm test.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

export const SEED = process.env['TEST_SEED'] ?? commit();
export const isFull = process.env['TEST_TIER'] === 'full';

/** One of so many, at least one, in their order; all of them in the full tier. */
export function sampled<T>(items: readonly T[], oneOf: number): readonly T[] {
  if (isFull) return items;
  const rank = (item: T) =>
    createHash('sha256')
      .update(`${SEED} ${JSON.stringify(item)}`)
      .digest('hex');
  const drawn = items.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  const chosen = new Set(drawn.slice(0, Math.ceil(items.length / oneOf)));
  return items.filter((item) => chosen.has(item));
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'no commit';
  }
}
