import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

test('so many at a time, and all of them', async () => {
  const done: number[] = [];
  let [atWork, most] = [0, 0];
  await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++atWork);
    await Promise.resolve();
    atWork--;
    done.push(item);
  });
  expect([most, new Set(done)]).toEqual([2, new Set([1, 2, 3, 4, 5])]);
  expect(done).toHaveLength(5);
});

test('once one has failed no other is begun', async () => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();
  const working = inParallel([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await slow.promise;
  });
  await expect(working).rejects.toThrow('the first');
  slow.resolve();
  await new Promise(setImmediate);
  expect(begun).toEqual([1, 2]);
});
