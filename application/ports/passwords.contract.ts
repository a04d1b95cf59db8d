import { describe, expect, test } from 'vitest';
import { Unavailable } from '../errors.ts';
import type { Passwords } from './passwords.ts';

const PASSWORD = 'correct horse battery';

/** What every adapter of the port must do. */
export function passwordsContract(name: string, passwords: Passwords, overloaded: Passwords): void {
  describe(`passwords: ${name}`, () => {
    test('a hash fits its own password and no other', async () => {
      const hash = await passwords.hash(PASSWORD);
      expect(hash).not.toContain(PASSWORD);
      expect(await passwords.verify(hash, PASSWORD)).toBe(true);
      expect(await passwords.verify(hash, `${PASSWORD} `)).toBe(false);
      expect(await passwords.verify(hash, '')).toBe(false);
    });

    test('the same password twice gives two hashes', async () => {
      expect(await passwords.hash(PASSWORD)).not.toBe(await passwords.hash(PASSWORD));
    });

    test('without a hash nothing fits', async () => {
      expect(await passwords.verify(undefined, PASSWORD)).toBe(false);
      expect(await passwords.verify(undefined, '')).toBe(false);
    });

    test('a malformed hash, or one that would take all of the machine, fits nothing', async () => {
      const ours = await passwords.hash(PASSWORD);
      const others = [
        '',
        'rubbish',
        ours.slice(0, -30),
        ours.replace(/m=\d+/, 'm=4194304'),
        ours.replace('t=', 't=9'),
      ];
      for (const hash of others) expect(await passwords.verify(hash, PASSWORD)).toBe(false);
      expect(await passwords.verify(null, PASSWORD)).toBe(false);
    });

    test('what it makes itself is not outdated, and what it cannot read is', async () => {
      expect(passwords.isOutdated(await passwords.hash(PASSWORD))).toBe(false);
      expect(passwords.isOutdated('rubbish')).toBe(true);
    });

    test('one text in two Unicode forms is one password', async () => {
      const hash = await passwords.hash('caf\u00e9 au lait');
      expect(await passwords.verify(hash, 'cafe\u0301 au lait')).toBe(true);
    });

    test('many at once are all done, and not more than it can hold', async () => {
      const hash = await passwords.hash(PASSWORD);
      const many = Array.from({ length: 8 }, (_, index) =>
        passwords.verify(hash, index % 2 ? PASSWORD : 'no'),
      );
      expect(await Promise.all(many)).toEqual([false, true, false, true, false, true, false, true]);
      const tooMany = Array.from({ length: 8 }, () => overloaded.verify(hash, PASSWORD));
      const outcomes = await Promise.allSettled(tooMany);
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.every((reason) => reason instanceof Unavailable)).toBe(true);
      expect(overloaded.load).toEqual({ running: 0, waiting: 0, refused: refused.length });
      const one = overloaded.verify(hash, PASSWORD);
      expect(overloaded.load.running).toBe(1);
      expect(await one).toBe(true);
    });
  });
}
