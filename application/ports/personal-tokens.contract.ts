import { createHash, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { MOST_TOKENS, type PersonalToken, type PersonalTokens } from './personal-tokens.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const hash = () => createHash('sha256').update(randomUUID()).digest('hex');

/** @param newOwner gives the id of an owner who has an account */
export function personalTokensContract(
  name: string,
  adapter: () => PersonalTokens,
  newOwner: () => Promise<string>,
): void {
  describe(`${name}: personal tokens`, () => {
    let tokens: PersonalTokens;
    let ownerId: string;
    beforeEach(async () => {
      tokens = adapter();
      ownerId = await newOwner();
    });
    const token = (more: Partial<PersonalToken> = {}) => ({
      tokenId: randomUUID(),
      ownerId,
      name: 'deploy',
      scopes: ['read'] as const,
      projectId: null,
      createdAt: NOW,
      expiresAt: after(100),
      ...more,
    });

    test('is good from its issue to its expiry, for whoever has it', async () => {
      const [mine, mineHash] = [token(), hash()];
      expect(await tokens.add(mine, mineHash)).toBe(true);
      expect(await tokens.use(mineHash, after(99))).toMatchObject(mine);
      expect(await tokens.use(mineHash, after(100))).toBeUndefined();
      expect(await tokens.use(hash(), NOW)).toBeUndefined();
      const eternal = hash();
      await tokens.add(token({ expiresAt: null, scopes: ['read', 'write'] }), eternal);
      expect(await tokens.use(eternal, new Date('2999-01-01'))).toMatchObject({ scopes: ['read', 'write'] });
    });

    test('its use is noted, to the minute', async () => {
      const tokenHash = hash();
      await tokens.add(token({ expiresAt: null }), tokenHash);
      const used = async () => (await tokens.list(ownerId))[0]?.lastUsedAt;
      expect(await used()).toBeNull();
      await tokens.use(tokenHash, after(1));
      await tokens.use(tokenHash, after(30));
      expect(await used()).toEqual(after(1));
      await tokens.use(tokenHash, after(70));
      expect(await used()).toEqual(after(70));
    });

    test('are listed for their owner, newest first, and revoked by nobody else', async () => {
      const [older, newer] = [token(), token({ createdAt: after(1) })];
      const olderHash = hash();
      await tokens.add(older, olderHash);
      await tokens.add(newer, hash());
      expect((await tokens.list(ownerId)).map(({ tokenId }) => tokenId)).toEqual([
        newer.tokenId,
        older.tokenId,
      ]);
      const stranger = await newOwner();
      expect(await tokens.list(stranger)).toEqual([]);
      expect(await tokens.revoke(stranger, older.tokenId)).toBe(false);
      expect(await tokens.revoke(ownerId, 'not a token')).toBe(false);
      expect(await tokens.revoke(ownerId, older.tokenId)).toBe(true);
      expect(await tokens.revoke(ownerId, older.tokenId)).toBe(false);
      expect(await tokens.use(olderHash, NOW)).toBeUndefined();
    });

    test('there is a most, also at once', async () => {
      const added = await Promise.all(
        Array.from({ length: MOST_TOKENS + 5 }, () => tokens.add(token(), hash())),
      );
      expect(added.filter(Boolean)).toHaveLength(MOST_TOKENS);
      const [first] = await tokens.list(ownerId);
      await tokens.revoke(ownerId, first?.tokenId ?? '');
      expect(await tokens.add(token(), hash())).toBe(true);
    });
  });
}
