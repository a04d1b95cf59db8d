import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rateLimitsContract } from '../../application/ports/rate-limits.contract.ts';
import { RateLimited } from '../../application/ports/rate-limits.ts';
import { MemoryRateLimits } from './memory-rate-limits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

rateLimitsContract(
  'memory',
  () =>
    new MemoryRateLimits({
      uses: { 'log-in-by-address': { points: 3, perSeconds: 60 } },
      wrongAttempts: { points: 3, perSeconds: 60, blockSeconds: 900 },
    }),
  async () => void (await vi.advanceTimersByTimeAsync(901_000)),
);

test('a block lasts as long as it says', async () => {
  const limits = new MemoryRateLimits();
  const wrong = () => Promise.resolve(undefined);
  for (let tries = 0; tries < 4; tries++) await limits.attempt('a', wrong);
  expect(await limits.attempt('a', wrong)).toEqual({
    outcome: 'blocked',
    until: new Date(Date.now() + 900_000),
  });
  await vi.advanceTimersByTimeAsync(899_000);
  const refused = await limits.attempt('a', wrong).catch((error: unknown) => error);
  expect((refused as RateLimited).retryAfterMs).toBe(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await limits.attempt('a', wrong)).toEqual({ outcome: 'wrong' });
});

test('too many that wait for one account are sent away at once', async () => {
  const limits = new MemoryRateLimits({ attemptsWaiting: 2 });
  const gate = Promise.withResolvers<string>();
  const waiting = [1, 2].map(() => limits.attempt('a', () => gate.promise));
  await expect(limits.attempt('a', () => gate.promise)).rejects.toThrow(RateLimited);
  gate.resolve('value');
  expect(await Promise.all(waiting)).toHaveLength(2);
  expect(await limits.attempt('a', () => gate.promise)).toMatchObject({ outcome: 'right' });
});
