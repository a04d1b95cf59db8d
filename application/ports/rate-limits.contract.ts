import { describe, expect, test } from 'vitest';
import { RateLimited, type RateLimits } from './rate-limits.ts';

const right = () => Promise.resolve('value');
const wrong = () => Promise.resolve(undefined);

/**
 * What every adapter of the port must do. `make` gives one that allows 3 logins an address and 3 wrong
 * attempts an account; `pass` lets that much time go by that both are forgotten.
 */
export function rateLimitsContract(name: string, make: () => RateLimits, pass: () => Promise<void>): void {
  describe(`rate limits: ${name}`, () => {
    test('an address has its uses, and others theirs', async () => {
      const limits = make();
      for (let use = 0; use < 3; use++) await limits.use('log-in-by-address', '192.0.2.1');
      const refused = await limits.use('log-in-by-address', '192.0.2.1').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RateLimited);
      expect((refused as RateLimited).retryAfterMs).toBeGreaterThan(0);
      await limits.use('log-in-by-address', '192.0.2.2');
      await limits.use('sign-up-by-address', '192.0.2.1');
      await pass();
      await limits.use('log-in-by-address', '192.0.2.1');
    });

    test('one IPv6 network is one address', async () => {
      const limits = make();
      const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:0db8:0001:0002:1:2:3:4'];
      for (const address of addresses) await limits.use('log-in-by-address', address);
      await expect(limits.use('log-in-by-address', '2001:db8:1:2::9')).rejects.toThrow(RateLimited);
      await limits.use('log-in-by-address', '2001:db8:1:3::1');
      await limits.use('log-in-by-address', '::1');
    });

    test('the last wrong attempt blocks the account, also for who knows the password', async () => {
      const limits = make();
      expect(await limits.attempt('a@example.org', wrong)).toEqual({ outcome: 'wrong' });
      expect(await limits.attempt('a@example.org', wrong)).toEqual({ outcome: 'wrong' });
      expect(await limits.attempt('a@example.org', wrong)).toMatchObject({ outcome: 'blocked' });
      await expect(limits.attempt('a@example.org', right)).rejects.toThrow(RateLimited);
      expect(await limits.attempt('b@example.org', right)).toEqual({ outcome: 'right', value: 'value' });
      await pass();
      expect(await limits.attempt('a@example.org', right)).toEqual({ outcome: 'right', value: 'value' });
    });

    test('a right attempt starts the count anew', async () => {
      const limits = make();
      for (let round = 0; round < 3; round++) {
        for (let tries = 0; tries < 2; tries++) await limits.attempt('a@example.org', wrong);
        expect(await limits.attempt('a@example.org', right)).toMatchObject({ outcome: 'right' });
      }
    });

    test('of many guesses at once only as many are checked as are allowed', async () => {
      const limits = make();
      let checked = 0;
      const guess = async () => {
        checked++;
        await Promise.resolve();
        return undefined;
      };
      const guesses = Array.from({ length: 8 }, () => limits.attempt('a@example.org', guess));
      await Promise.allSettled(guesses);
      expect(checked).toBe(3);
    });

    test('right attempts at once all succeed, and an error counts for nothing', async () => {
      const limits = make();
      const fails = () => Promise.reject(new Error('away'));
      for (let tries = 0; tries < 4; tries++) {
        await expect(limits.attempt('a@example.org', fails)).rejects.toThrow('away');
      }
      const all = await Promise.all(Array.from({ length: 8 }, () => limits.attempt('a@example.org', right)));
      expect(all.every(({ outcome }) => outcome === 'right')).toBe(true);
    });
  });
}
