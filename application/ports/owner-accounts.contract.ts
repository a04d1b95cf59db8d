import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { NewOwnerAccount, OwnerAccounts } from './owner-accounts.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const later = (days: number) => new Date(NOW.getTime() + days * 24 * 3600 * 1000);
const hash = () => createHash('sha256').update(randomUUID()).digest('hex');

export const newAccount = (email = `${randomUUID()}@example.org`): NewOwnerAccount => ({
  ownerId: `own_${randomUUID().replaceAll('-', '').slice(0, 16)}`,
  email,
  passwordHash: 'a hash',
  createdAt: NOW,
  sealedKey: Uint8Array.of(1, 2, 3),
});

/** What every adapter of the port must do. */
export function ownerAccountsContract(name: string, adapter: () => OwnerAccounts): void {
  const signedUp = async () => {
    const owner = newAccount();
    await adapter().create(owner);
    return owner;
  };
  const signedIn = async () => {
    const { ownerId } = await signedUp();
    const tokenHash = hash();
    const sessionId = randomUUID();
    const times = { startedAt: NOW, expiresAt: later(30) };
    await adapter().startSession({ kind: 'tokens', sessionId, ownerId, tokenHash, ...times });
    return { ownerId, sessionId, tokenHash };
  };
  const inBrowser = async (ownerId?: string) => {
    const session = {
      sessionId: randomUUID(),
      ownerId: ownerId ?? (await signedUp()).ownerId,
      tokenHash: hash(),
    };
    await adapter().startSession({ kind: 'browser', ...session, startedAt: NOW, expiresAt: later(30) });
    return session;
  };
  /** in a browser, where a session is over after 7 days without use */
  const use = (tokenHash: string, days: number) =>
    adapter().useBrowserSession(tokenHash, { now: later(days), idleSince: later(days - 7) });
  const next = (tokenHash = hash(), days = 1) => ({
    tokenHash,
    now: later(days),
    expiresAt: later(days + 30),
  });

  describe(`owner accounts: ${name}`, () => {
    test('an account is found by its address and its id, with its key', async () => {
      const { sealedKey, ...owner } = newAccount();
      expect(await adapter().create({ ...owner, sealedKey })).toBe(true);
      expect(await adapter().findByEmail(owner.email)).toEqual(owner);
      expect(await adapter().findById(owner.ownerId)).toEqual(owner);
      expect(Uint8Array.from((await adapter().sealedKey(owner.ownerId))!)).toEqual(sealedKey);
      expect(await adapter().findByEmail('nobody@example.org')).toBeUndefined();
      expect(await adapter().findById("own_' OR true --")).toBeUndefined();
      expect(await adapter().sealedKey('own_none')).toBeUndefined();
    });

    test('an id is one account, whatever the address', async () => {
      const owner = await signedUp();
      const again = { ...newAccount(), ownerId: owner.ownerId };
      expect(await adapter().create(again)).toBe(false);
      expect(await adapter().findByEmail(again.email)).toBeUndefined();
      expect((await adapter().findById(owner.ownerId))?.email).toBe(owner.email);
    });

    test('whether another address has an account', async () => {
      await signedUp();
      const { email } = await signedUp();
      expect(await adapter().anyOther(email)).toBe(true);
      expect(await adapter().anyOther('nobody@example.org')).toBe(true);
    });

    test('erased, nothing of it is left, and its address is free', async () => {
      const { ownerId, tokenHash } = await signedIn();
      const { email } = (await adapter().findById(ownerId))!;
      expect(await adapter().erase(ownerId)).toBe(true);
      expect(await adapter().findById(ownerId)).toBeUndefined();
      expect(await adapter().sealedKey(ownerId)).toBeUndefined();
      expect(await adapter().rotate(tokenHash, next())).toEqual({ outcome: 'invalid' });
      expect(await adapter().erase(ownerId)).toBe(false);
      expect(await adapter().create(newAccount(email))).toBe(true);
    });

    test('of many with one address at once exactly one is created, whole', async () => {
      const email = `${randomUUID()}@example.org`;
      const owners = Array.from({ length: 8 }, () => newAccount(email));
      const created = await Promise.all(owners.map((owner) => adapter().create(owner)));
      expect(created.filter(Boolean)).toHaveLength(1);
      const winner = owners[created.indexOf(true)]!;
      expect((await adapter().findByEmail(email))?.ownerId).toBe(winner.ownerId);
      for (const owner of owners) {
        expect((await adapter().sealedKey(owner.ownerId)) !== undefined).toBe(owner === winner);
      }
    });

    test('a token is exchanged once; again, and the whole session ends', async () => {
      const { ownerId, sessionId, tokenHash } = await signedIn();
      const second = hash();
      expect(await adapter().rotate(tokenHash, next(second))).toEqual({
        outcome: 'rotated',
        ownerId,
        sessionId,
      });
      const third = hash();
      expect(await adapter().rotate(second, next(third))).toMatchObject({ outcome: 'rotated' });
      expect(await adapter().rotate(tokenHash, next())).toEqual({ outcome: 'reused', ownerId, sessionId });
      expect(await adapter().rotate(third, next())).toEqual({ outcome: 'invalid' });
      expect(await adapter().rotate(tokenHash, next())).toEqual({ outcome: 'reused', ownerId, sessionId });
    });

    test('of many exchanges at once exactly one succeeds, and what it gave ends with the session', async () => {
      const { tokenHash } = await signedIn();
      const tries = Array.from({ length: 6 }, () => next());
      const outcomes = await Promise.all(tries.map((each) => adapter().rotate(tokenHash, each)));
      expect(outcomes.filter(({ outcome }) => outcome === 'rotated')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'reused')).toHaveLength(5);
      for (const { tokenHash: given } of tries) {
        expect(await adapter().rotate(given, next())).toEqual({ outcome: 'invalid' });
      }
    });

    test('expired, unknown and ended give nothing', async () => {
      const { tokenHash } = await signedIn();
      expect(await adapter().rotate(tokenHash, next(hash(), 31))).toEqual({ outcome: 'invalid' });
      expect(await adapter().rotate(hash(), next())).toEqual({ outcome: 'invalid' });
      const other = await signedIn();
      const { ownerId, sessionId } = other;
      for (let times = 0; times < 2; times++) {
        expect(await adapter().endSession(other.tokenHash, later(1))).toEqual({ ownerId, sessionId });
      }
      expect(await adapter().rotate(other.tokenHash, next())).toEqual({ outcome: 'invalid' });
      expect(await adapter().endSession(hash(), later(1))).toBeUndefined();
    });

    test('the session of a browser goes on as long as it is used, and no longer than it may', async () => {
      const { ownerId, sessionId, tokenHash } = await inBrowser();
      const open = { ownerId, sessionId, expiresAt: later(30) };
      for (const day of [0, 6.9, 13.8, 20.7, 27.6, 29.9]) expect(await use(tokenHash, day)).toEqual(open);
      expect(await use(tokenHash, 30)).toBeUndefined();
      const idle = await inBrowser();
      expect(await use(idle.tokenHash, 7)).toBeUndefined();
      expect(await use(hash(), 0)).toBeUndefined();
    });

    test('its use is noted to the minute', async () => {
      const { tokenHash } = await inBrowser();
      const [day, second] = [24 * 3600, 1 / (24 * 3600)];
      expect(await use(tokenHash, 59 / day)).toBeDefined();
      // as if it had not been used at all since it began
      expect(await use(tokenHash, 7)).toBeUndefined();
      expect(await use(tokenHash, 60 / day)).toBeDefined();
      expect(await use(tokenHash, 7 + 60 / day - second)).toBeDefined();
    });

    test('neither kind of token is good for the other kind of session', async () => {
      const { tokenHash } = await signedIn();
      expect(await use(tokenHash, 0)).toBeUndefined();
      const browser = await inBrowser();
      expect(await adapter().rotate(browser.tokenHash, next())).toEqual({ outcome: 'invalid' });
      expect(await use(browser.tokenHash, 1)).toBeDefined();
    });

    test('a browser is signed out, and no other; erased, nothing of it is left', async () => {
      const { ownerId, sessionId, tokenHash } = await inBrowser();
      const other = await inBrowser(ownerId);
      for (let times = 0; times < 2; times++)
        expect(await adapter().endSession(tokenHash, later(1))).toEqual({ ownerId, sessionId });
      expect(await use(tokenHash, 1)).toBeUndefined();
      expect(await use(other.tokenHash, 1)).toBeDefined();
      expect(await adapter().erase(ownerId)).toBe(true);
      expect(await use(other.tokenHash, 1)).toBeUndefined();
    });

    test('all sessions of an owner end at once, of either kind, and nobody else’s', async () => {
      const program = await signedIn();
      const { ownerId } = program;
      const [one, two, another] = [await inBrowser(ownerId), await inBrowser(ownerId), await inBrowser()];
      for (let times = 0; times < 2; times++) await adapter().endSessions(ownerId, later(1));
      for (const { tokenHash } of [one, two]) expect(await use(tokenHash, 1)).toBeUndefined();
      expect(await adapter().rotate(program.tokenHash, next())).toEqual({ outcome: 'invalid' });
      expect(await use(another.tokenHash, 1)).toBeDefined();
    });

    test('an exchange against a log-out: nothing good is left behind', async () => {
      for (let round = 0; round < 10; round++) {
        const { tokenHash } = await signedIn();
        const given = next();
        const [rotation, ended] = await Promise.all([
          adapter().rotate(tokenHash, given),
          adapter().endSession(tokenHash, later(1)),
        ]);
        expect(ended).toBeDefined();
        expect(['rotated', 'invalid']).toContain(rotation.outcome);
        expect(await adapter().rotate(given.tokenHash, next())).toEqual({ outcome: 'invalid' });
      }
    });

    test('one session ends, the others of the owner stay; old ones are forgotten', async () => {
      const { ownerId, tokenHash } = await signedIn();
      const other = {
        kind: 'tokens' as const,
        sessionId: randomUUID(),
        ownerId,
        tokenHash: hash(),
        startedAt: later(40),
        expiresAt: later(70),
      };
      await adapter().startSession(other);
      expect(await adapter().endSession(tokenHash, later(1))).toBeUndefined();
      expect(await adapter().rotate(other.tokenHash, next(hash(), 41))).toMatchObject({ outcome: 'rotated' });
    });
  });
}
