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
    await adapter().startSession({ sessionId, ownerId, tokenHash, startedAt: NOW, expiresAt: later(30) });
    return { ownerId, sessionId, tokenHash };
  };
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
