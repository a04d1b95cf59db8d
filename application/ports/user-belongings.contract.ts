/** What keeping what a user has must be like: the second part of user-directory.contract.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Passkey, PasskeyChallenge } from '../../domain/auth/passkey.ts';
import type { Factor, OneTimeToken } from '../../domain/auth/user.ts';
import { aFactor, aFlow, aPasskey, aSession, at, aToken, aUser } from '../testing/sample-users.ts';
import { overlapping, type UserDirectoryHarness } from './user-directory.contract.ts';
import type { UserTransaction } from './user-directory.ts';

export function userBelongingsContract(name: string, make: () => Promise<UserDirectoryHarness>): void {
  describe(`${name}: what users have`, () => {
    let harness: UserDirectoryHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const within = <T>(work: (rows: UserTransaction) => Promise<T>) =>
      harness.directory.with(harness.projects[0], work);
    const atOnce = overlapping(within);
    const added = async () => (await within(({ users }) => users.insert(aUser())))!;

    test('identities', async () => {
      const user = await added();
      const identity = {
        id: randomUUID(),
        userId: user.id,
        provider: 'email',
        providerId: user.id,
        data: { sub: user.id, email: user.email },
        lastSignInAt: at(1),
        createdAt: at(2),
        updatedAt: at(3),
      };
      const github = {
        ...identity,
        id: randomUUID(),
        provider: 'github',
        lastSignInAt: null,
        createdAt: at(4),
      };
      const again = { ...identity, data: { email_verified: true }, updatedAt: at(5) };
      const found = await within(async ({ identities }) => {
        for (const one of [identity, github, again]) await identities.put(one);
        return [await identities.find('email', user.id), await identities.find('github', 'nobody')];
      });
      expect(found).toEqual([again, undefined]);
      const of = (ids: readonly string[]) => within(({ identities }) => identities.of(ids));
      expect(await of([user.id, randomUUID()])).toEqual([again, github]);
      await within(({ identities }) => identities.delete(github.id));
      expect(await of([user.id])).toEqual([again]);
      expect(await of([])).toEqual([]);
      // many at once leave those alone that are there
      await within(({ identities }) => identities.putNew([{ ...identity, data: {} }, github]));
      await within(({ identities }) => identities.putNew([]));
      expect(await of([user.id])).toEqual([again, github]);
    });

    test('sessions end by whose they are, and by which; the newest proof of a method counts', async () => {
      const user = await added();
      const [mine, second, strong] = [
        aSession(user.id, { ip: null, refreshedAt: null, notAfter: at(99) }),
        aSession(user.id, { ip: 'not an address' }),
        aSession(user.id, { aal: 'aal2' }),
      ];
      const other = aSession((await added()).id);
      await within(async ({ sessions }) => {
        for (const one of [mine, second, strong, other]) await sessions.insert(one);
        await sessions.prove(mine.id, 'password', at(5));
        await sessions.prove(mine.id, 'totp', at(9));
        await sessions.prove(mine.id, 'password', at(7));
        await sessions.prove(mine.id, 'password', at(6));
      });
      expect(await within(({ sessions }) => sessions.methodsOf(mine.id))).toEqual([
        { method: 'totp', at: at(9) },
        { method: 'password', at: at(7) },
      ]);
      const left = async (which?: Parameters<UserTransaction['sessions']['endOf']>[1]) => {
        await within(({ sessions }) => sessions.endOf(user.id, which));
        const all = [mine, second, strong, other];
        const found = await within(async ({ sessions }) => {
          const seen: boolean[] = [];
          for (const { id } of all) seen.push((await sessions.byId(id)) !== undefined);
          return seen;
        });
        return all.filter((_, nth) => found[nth]);
      };
      expect(await within(({ sessions }) => sessions.byId(mine.id))).toEqual(mine);
      expect(await within(({ sessions }) => sessions.byId(second.id))).toEqual({ ...second, ip: null });
      expect(await left({ only: 'nothing' })).toEqual([mine, second, strong, other]);
      expect(await left({ only: other.id })).toEqual([mine, second, strong, other]);
      expect(await left({ except: mine.id, aal: 'aal1' })).toEqual([mine, strong, other]);
      expect(await left({ only: strong.id.toUpperCase() })).toEqual([mine, other]);
      expect(await left({ except: mine.id.toUpperCase() })).toEqual([mine, other]);
      expect(await left()).toEqual([other]);
      expect(await within(({ sessions }) => sessions.methodsOf(mine.id))).toEqual([]);
    });

    test('sessions that a factor raised are lowered when it goes, and no others', async () => {
      const user = await added();
      const [factor, other] = [aFactor(user.id), aFactor(user.id)];
      const [raised, more] = [factor, other].map(({ id }) =>
        aSession(user.id, { aal: 'aal2', factorId: id }),
      );
      const seen = await within(async ({ sessions }) => {
        for (const session of [raised!, more!]) {
          await sessions.insert(session);
          await sessions.prove(session.id, 'password', at(1));
          await sessions.prove(session.id, 'totp', at(2));
        }
        await sessions.downgrade(factor.id, 'totp');
        await sessions.downgrade('nothing', 'totp');
        return [
          await sessions.byId(raised!.id),
          await sessions.methodsOf(raised!.id),
          await sessions.byId(more!.id),
          (await sessions.methodsOf(more!.id)).length,
        ];
      });
      const lowered = { ...raised, aal: 'aal1', factorId: null };
      expect(seen).toEqual([lowered, [{ method: 'password', at: at(1) }], more, 2]);
    });

    test('one-time tokens: one of a type, taken once, by whichever of its hashes', async () => {
      const user = await added();
      const [old, token] = [aToken(user.id), aToken(user.id)];
      const change = aToken(user.id, { type: 'email_change_token_new' });
      await within(async ({ oneTimeTokens }) => {
        for (const one of [old, token, change]) await oneTimeTokens.put(one);
      });
      const take =
        (hashes: readonly string[], types: readonly OneTimeToken['type'][]) =>
        async ({ oneTimeTokens }: UserTransaction) => {
          const taken = await oneTimeTokens.take(hashes, types);
          if (taken) await oneTimeTokens.delete(taken.userId, [taken.type]);
          return taken;
        };
      expect(await within(take([old.hash], ['recovery_token']))).toBeUndefined();
      expect(await within(take([token.hash], ['confirmation_token']))).toBeUndefined();
      expect(await within(take([], ['recovery_token']))).toBeUndefined();
      const both = take([old.hash, token.hash], ['confirmation_token', 'recovery_token']);
      expect(await atOnce(both, both)).toEqual([token, undefined]);
      await within(({ oneTimeTokens }) => oneTimeTokens.delete(user.id));
      expect(await within(take([change.hash], ['email_change_token_new']))).toBeUndefined();
    });

    test('factors have a name each, and challenges', async () => {
      const user = await added();
      const named = aFactor(user.id, { friendlyName: 'phone', createdAt: at(3) });
      const credential = { hashes: ['a'] };
      const codes = aFactor(user.id, { type: 'recovery_code', credential, createdAt: at(2) });
      const insert = (factor: Factor) => within(({ factors }) => factors.insert(factor));
      expect([await insert(named), await insert(codes), await insert(aFactor(user.id))]).toEqual([
        true,
        true,
        true,
      ]);
      expect(await insert(aFactor(user.id, { friendlyName: 'phone' }))).toBe(false);
      const of = () => within(({ factors }) => factors.of([user.id]));
      expect((await of()).slice(1)).toEqual([codes, named]);
      const verified = { status: 'verified', lastChallengedAt: at(7), updatedAt: at(7) } as const;
      await within(async ({ factors }) => {
        await factors.update(named.id, verified);
        await factors.deleteUnverified(user.id, 'totp', at(1));
        expect(await factors.of([user.id])).toHaveLength(3);
        await factors.deleteUnverified(user.id, 'totp', at(2));
      });
      expect(await of()).toEqual([codes, { ...named, ...verified }]);
      const challenge = {
        id: randomUUID(),
        factorId: named.id,
        createdAt: at(1),
        verifiedAt: null,
        ip: '10.0.0.1',
        sessionData: { challenge: 'x' },
      };
      await within(({ factors }) => factors.insertChallenge(challenge));
      const challenged = (lock?: 'lock') => within(({ factors }) => factors.challenge(challenge.id, lock));
      expect(await challenged('lock')).toEqual(challenge);
      await within(({ factors }) => factors.verifyChallenge(challenge.id, at(4)));
      expect(await challenged()).toEqual({ ...challenge, verifiedAt: at(4) });
      const later = { ...challenge, id: randomUUID(), createdAt: at(2) };
      const left = await within(async ({ factors }) => {
        await factors.insertChallenge(later);
        await factors.deleteChallenges(named.id, at(2));
        return [await factors.challenge(challenge.id), await factors.challenge(later.id)];
      });
      expect(left).toEqual([undefined, later]);
      await within(({ factors }) => factors.delete(named.id));
      expect(await within(({ factors }) => factors.challenge(later.id))).toBeUndefined();
    });

    test('flows are found by code, and the newest by e-mail of a user', async () => {
      const user = await added();
      const [flow, newer, google] = [
        aFlow({ userId: user.id }),
        aFlow({ userId: user.id, createdAt: at(2) }),
        aFlow({ userId: user.id, createdAt: at(3), providerType: 'google' }),
      ];
      await within(async ({ flows }) => {
        for (const one of [flow, newer, google]) await flows.insert(one);
      });
      expect(await within(({ flows }) => flows.newestOf(user.id, 'magiclink'))).toEqual(newer);
      expect(await within(({ flows }) => flows.newestOf(user.id, 'recovery'))).toBeUndefined();
      await within(({ flows }) => flows.update(flow.id, { authCodeIssuedAt: at(4), userId: null }));
      const changed = { ...flow, authCodeIssuedAt: at(4), userId: null };
      expect(await within(({ flows }) => flows.byAuthCode(flow.authCode, 'lock'))).toEqual(changed);
      expect(await within(({ flows }) => flows.byId(flow.id))).toEqual(changed);
      await within(({ flows }) => flows.delete(flow.id));
      expect(await within(({ flows }) => flows.byAuthCode(flow.authCode))).toBeUndefined();
      expect(await within(({ flows }) => flows.byAuthCode(''))).toBeUndefined();
    });

    test('passkeys are found by the key, which one user has at most', async () => {
      const [user, other] = [await added(), await added()];
      const [old, newer] = [aPasskey(user.id, { createdAt: at(1) }), aPasskey(user.id, { createdAt: at(2) })];
      const theirs = aPasskey(other.id, { aaguid: null, friendlyName: '', transports: [] });
      const insert = (passkey: Passkey) => within(({ passkeys }) => passkeys.insert(passkey));
      expect([await insert(newer), await insert(old), await insert(theirs)]).toEqual([true, true, true]);
      expect(await insert(aPasskey(other.id, { credentialId: old.credentialId }))).toBe(false);
      const of = (id: string) => within(({ passkeys }) => passkeys.of(id));
      expect([await of(user.id), await of(other.id)]).toEqual([[old, newer], [theirs]]);
      const used = { signCount: 2 ** 32 - 1, backedUp: false, lastUsedAt: at(9), friendlyName: 'n' };
      const found = await within(async ({ passkeys }) => {
        await passkeys.update(old.id, used);
        await passkeys.delete(newer.id);
        return [
          await passkeys.byId(old.id, 'lock'),
          await passkeys.byCredentialId(old.credentialId, 'lock'),
          await passkeys.byId(newer.id),
          await passkeys.byCredentialId('AAAA'),
        ];
      });
      expect(found).toEqual([{ ...old, ...used }, { ...old, ...used }, undefined, undefined]);
      await within(({ users }) => users.delete(user.id));
      expect([await of(user.id), await of(other.id)]).toEqual([[], [theirs]]);
    });

    test('a challenge is taken once, by whoever it is for, and those that are long over go', async () => {
      const user = await added();
      const challenge = (change: Partial<PasskeyChallenge> = {}): PasskeyChallenge => ({
        id: randomUUID(),
        kind: 'registration',
        userId: user.id,
        sessionId: randomUUID(),
        challenge: 'AQIDBA',
        createdAt: at(0),
        expiresAt: at(5),
        ...change,
      });
      const [mine, anybodys] = [
        challenge(),
        challenge({ kind: 'authentication', userId: null, sessionId: null }),
      ];
      await within(async ({ passkeys }) => {
        for (const one of [mine, anybodys]) await passkeys.insertChallenge(one);
      });
      const take = (id: string, kind: PasskeyChallenge['kind'], userId: string | null) =>
        within(({ passkeys }) => passkeys.takeChallenge(id, kind, userId));
      for (const wrong of [
        await take(mine.id, 'registration', randomUUID()),
        await take(mine.id, 'registration', null),
        await take(mine.id, 'authentication', user.id),
        await take(anybodys.id, 'authentication', user.id),
        await take(anybodys.id, 'registration', null),
        await take(randomUUID(), 'authentication', null),
      ])
        expect(wrong).toBeUndefined();
      const taken = ({ passkeys }: UserTransaction) =>
        passkeys.takeChallenge(anybodys.id, 'authentication', null);
      expect(await atOnce(taken, taken)).toEqual([anybodys, undefined]);
      expect(await take(mine.id, 'registration', user.id)).toEqual(mine);
      const [old, later] = [challenge(), challenge({ createdAt: at(64), expiresAt: at(69) })];
      await within(async ({ passkeys }) => {
        for (const one of [old, later]) await passkeys.insertChallenge(one);
      });
      expect(await take(old.id, 'registration', user.id)).toEqual(old);
      await within(async ({ passkeys }) => {
        for (const one of [old, challenge({ createdAt: at(66), expiresAt: at(71) })])
          await passkeys.insertChallenge(one);
      });
      expect(await take(old.id, 'registration', user.id)).toBeUndefined();
      expect(await take(later.id, 'registration', user.id)).toEqual(later);
    });
  });
}
