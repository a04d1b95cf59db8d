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
      wrongAttempts: { free: 3 },
    }),
  async () => void (await vi.advanceTimersByTimeAsync(901_000)),
);

const here = { account: 'a', address: '192.0.2.1' };

test('a delay lasts as long as it says, and each further wrong attempt brings the next', async () => {
  const limits = new MemoryRateLimits();
  const wrong = () => Promise.resolve(undefined);
  for (let tries = 0; tries < 4; tries++) await limits.attempt(here, wrong);
  for (let round = 0; round < 3; round++) {
    expect(await limits.attempt(here, wrong)).toEqual({
      outcome: 'delayed',
      until: new Date(new Date().getTime() + 60_000),
      isNews: round === 0,
    });
    await vi.advanceTimersByTimeAsync(59_000);
    const refused = await limits.attempt(here, wrong).catch((error: unknown) => error);
    expect((refused as RateLimited).retryAfterMs).toBe(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
  }
});

test('an account that is being guessed at from everywhere gives each address one guess a minute', async () => {
  const limits = new MemoryRateLimits({ wrongAttempts: { guessedAt: 3 } });
  const wrong = () => Promise.resolve(undefined);
  const from = (address: number) => limits.attempt({ ...here, address: `192.0.2.${address}` }, wrong);
  for (let address = 1; address <= 3; address++) expect((await from(address)).outcome).toBe('wrong');
  expect((await from(4)).outcome).toBe('delayed');
});

test('a refusal names its bound; a large IPv6 network is not as many as it has small ones', async () => {
  const limits = new MemoryRateLimits({ uses: { 'log-in-by-address': { points: 2, perSeconds: 60 } } });
  for (let n = 0; n < 10; n++) await limits.use('log-in-by-address', `2001:db8:1:${n}::1`);
  await expect(limits.use('log-in-by-address', '2001:db8:1:99::1')).rejects.toMatchObject({
    bound: '2 log-ins from an address in 60 s',
  });
  await limits.use('log-in-by-address', '2001:db8:2::1');
});

test('too many that wait for one account are sent away at once', async () => {
  const limits = new MemoryRateLimits({ attemptsWaiting: 2 });
  const gate = Promise.withResolvers<string>();
  const waiting = [1, 2].map(() => limits.attempt(here, () => gate.promise));
  await expect(limits.attempt(here, () => gate.promise)).rejects.toThrow(RateLimited);
  gate.resolve('value');
  expect(await Promise.all(waiting)).toHaveLength(2);
  expect(await limits.attempt(here, () => gate.promise)).toMatchObject({ outcome: 'right' });
});
