import { describe, expect, test } from 'vitest';
import { RateLimited, type RateLimits } from './rate-limits.ts';

const right = () => Promise.resolve('value');
const wrong = () => Promise.resolve(undefined);
const here = { account: 'a@example.org', address: '192.0.2.1' };

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

    test('wrong attempts delay their address, and nobody at another one', async () => {
      const limits = make();
      expect(await limits.attempt(here, wrong)).toEqual({ outcome: 'wrong' });
      expect(await limits.attempt(here, wrong)).toEqual({ outcome: 'wrong' });
      expect(await limits.attempt(here, wrong)).toMatchObject({ outcome: 'delayed', isNews: true });
      await expect(limits.attempt(here, right)).rejects.toThrow(RateLimited);
      const elsewhere = { ...here, address: '192.0.2.2' };
      expect(await limits.attempt(elsewhere, right)).toEqual({ outcome: 'right', value: 'value' });
      const another = { ...here, account: 'b@example.org' };
      expect(await limits.attempt(another, right)).toEqual({ outcome: 'right', value: 'value' });
      await pass();
      expect(await limits.attempt(here, right)).toEqual({ outcome: 'right', value: 'value' });
    });

    test('whatever strangers try, from however many addresses, the right one gets in', async () => {
      const limits = make();
      let news = 0;
      for (let stranger = 0; stranger < 40; stranger++) {
        for (let tries = 0; tries < 4; tries++) {
          const who = { ...here, address: `198.51.100.${stranger}` };
          const attempt = await limits.attempt(who, wrong).catch(() => undefined);
          if (attempt?.outcome === 'delayed' && attempt.isNews) news++;
        }
      }
      expect(news).toBe(1);
      expect(await limits.attempt(here, right)).toMatchObject({ outcome: 'right' });
    });

    test('a right attempt starts the count anew', async () => {
      const limits = make();
      for (let round = 0; round < 3; round++) {
        for (let tries = 0; tries < 2; tries++) await limits.attempt(here, wrong);
        expect(await limits.attempt(here, right)).toMatchObject({ outcome: 'right' });
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
      const guesses = Array.from({ length: 8 }, () => limits.attempt(here, guess));
      await Promise.allSettled(guesses);
      expect(checked).toBe(3);
    });

    test('right attempts at once all succeed, and an error counts for nothing', async () => {
      const limits = make();
      const fails = () => Promise.reject(new Error('away'));
      for (let tries = 0; tries < 4; tries++) {
        await expect(limits.attempt(here, fails)).rejects.toThrow('away');
      }
      const all = await Promise.all(Array.from({ length: 8 }, () => limits.attempt(here, right)));
      expect(all.every(({ outcome }) => outcome === 'right')).toBe(true);
    });
  });
}
