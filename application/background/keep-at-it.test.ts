import { expect, test } from 'vitest';
import { BackOff } from './back-off.ts';
import { keepAtIt } from './keep-at-it.ts';

const noPause = { next: () => 0 };

test('what ends or fails is begun again, one run at a time; failures are told', async () => {
  const ends = new AbortController();
  const told: unknown[] = [];
  let [runs, atOnce, most] = [0, 0, 0];
  await keepAtIt(
    async () => {
      most = Math.max(most, ++atOnce);
      await Promise.resolve();
      atOnce--;
      if (++runs === 5) ends.abort();
      if (runs % 2 === 0) throw new Error(`run ${runs}`);
    },
    { signal: ends.signal, backOff: noPause, failed: (error) => told.push(String(error)) },
  );
  expect([runs, most]).toEqual([5, 1]);
  expect(told).toEqual(['Error: run 2', 'Error: run 4']);
});

test('what fails because it shall end is no failure, and nothing is begun afterwards', async () => {
  const ends = new AbortController();
  let runs = 0;
  const going = keepAtIt(
    (signal) => {
      runs++;
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('ended'))),
      );
    },
    { signal: ends.signal, backOff: noPause, failed: () => expect.unreachable() },
  );
  ends.abort();
  await going;
  await keepAtIt(() => Promise.resolve(runs++), {
    signal: ends.signal,
    backOff: noPause,
    failed: () => expect.unreachable(),
  });
  expect(runs).toBe(1);
});

test('a pause ends with the signal, however long it is', async () => {
  const ends = new AbortController();
  const failing = Promise.withResolvers<void>();
  const going = keepAtIt(() => Promise.reject(new Error('no')), {
    signal: ends.signal,
    backOff: new BackOff({ firstMs: 1_000_000, longestMs: 1_000_000 }),
    failed: () => failing.resolve(),
  });
  await failing.promise;
  ends.abort();
  await going;
});
