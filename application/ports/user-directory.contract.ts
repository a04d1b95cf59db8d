/** What keeping a project's users must be like. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { aFactor, aFlow, aSession, at, aToken, aUser } from '../testing/sample-users.ts';
import type { UserDirectory, UserTransaction } from './user-directory.ts';

export interface UserDirectoryHarness {
  readonly directory: UserDirectory;
  /** two of them, served */
  readonly projects: readonly [ProjectId, ProjectId];
  close(): Promise<void>;
}

type Within = <T>(work: (rows: UserTransaction) => Promise<T>) => Promise<T>;

/** The second begins when the first has done its part, and the first ends when the second waits. */
export const overlapping =
  (within: Within) =>
  async <A, B>(
    first: (rows: UserTransaction) => Promise<A>,
    second: (rows: UserTransaction) => Promise<B>,
    end: () => void = () => {},
  ): Promise<[A | 'failed', B]> => {
    const did = Promise.withResolvers<void>();
    const one = within(async (rows) => {
      const result = await first(rows).finally(did.resolve);
      await new Promise((resolve) => setTimeout(resolve, 300));
      end();
      return result;
    }).catch(() => 'failed' as const);
    await did.promise;
    const two = await within(second);
    return [await one, two];
  };

export function userDirectoryContract(name: string, make: () => Promise<UserDirectoryHarness>): void {
  describe(`${name}: users of a project`, () => {
    let harness: UserDirectoryHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const within = <T>(work: (rows: UserTransaction) => Promise<T>, nth: 0 | 1 = 0) =>
      harness.directory.with(harness.projects[nth], work);
    const added = async (change: Partial<User> = {}): Promise<User> => {
      const made = await within(({ users }) => users.insert(aUser(change)));
      if (!made) throw new Error('there is one like it already');
      return made;
    };
    const atOnce = overlapping(within);
    const byId = (id: string) => within(({ users }) => users.byId(id));

    test('a user is as they were put there, found by id and by address, in their own project alone', async () => {
      const user = aUser({ email: 'o’neil+tag@ex.museum', bannedUntil: at(9) });
      expect(await within(({ users }) => users.insert(user))).toEqual(user);
      expect(await byId(user.id)).toEqual(user);
      for (const email of [user.email!, user.email!.toUpperCase()])
        expect(await within(({ users }) => users.byEmail(email, 'lock'))).toEqual(user);
      const called = await added({ phone: '4912345' });
      expect(await within(({ users }) => users.byPhone('4912345'))).toEqual(called);
      expect(await within(({ users }) => users.byPhone(''))).toBeUndefined();
      const session = aSession(user.id);
      await within(({ sessions }) => sessions.insert(session));
      expect(await within(({ users }) => users.ofSession(session.id))).toEqual(user);
      expect(await within(({ sessions }) => sessions.of(user.id))).toEqual([session]);
      expect(await within(({ sessions }) => sessions.of(called.id))).toEqual([]);
      expect(await within(({ users }) => users.ofSession(user.id))).toBeUndefined();
      expect(await within(({ users }) => users.byId(user.id), 1)).toBeUndefined();
      expect(await within(({ users }) => users.byEmail(user.email!), 1)).toBeUndefined();
    });

    test('what is no UUID is nobody’s id', async () => {
      for (const id of ['', 'x', `${randomUUID()}0`, "' OR 1=1 --", '\u{1f600}']) {
        const found = await within(async ({ users, sessions, factors, flows, identities, oneTimeTokens }) => {
          await users.delete(id);
          await sessions.endOf(id);
          await sessions.update(id, { updatedAt: at(1) });
          await factors.delete(id);
          await factors.update(id, { updatedAt: at(1) });
          await factors.deleteUnverified(id, 'totp');
          await factors.verifyChallenge(id, at(1));
          await flows.delete(id);
          await flows.update(id, { authCode: 'x' });
          await identities.delete(id);
          await oneTimeTokens.delete(id);
          return [
            await users.byId(id, 'lock'),
            await users.ofSession(id),
            await users.update(id, { email: 'a@b.example' }),
            await sessions.byId(id),
            await factors.byId(id),
            await factors.challenge(id),
            await flows.byId(id),
            await flows.byAuthCode(id),
            await flows.newestOf(id, 'otp'),
            ...(await sessions.methodsOf(id)),
            ...(await sessions.of(id)),
            ...(await factors.of([id])),
            ...(await identities.of([id])),
          ];
        });
        expect([id, found.filter((one) => one !== undefined)]).toEqual([id, []]);
      }
    });

    test('a taken address or id is told, and the transaction goes on', async () => {
      const [user, other] = [await added({ phone: '123' }), aUser()];
      const said = await within(async ({ users }) => [
        await users.insert(aUser({ email: user.email })),
        await users.insert(aUser({ id: user.id })),
        await users.insert(aUser({ phone: '123' })),
        await users.insert(other),
        await users.update(other.id, { email: user.email }),
        await users.update(other.id, { phone: '123' }),
        await users.update(other.id, { email: other.email, emailChange: 'new@b.example' }),
        await users.update(randomUUID(), { aud: 'x' }),
      ]);
      const changed = { ...other, emailChange: 'new@b.example' };
      expect(said).toEqual([
        undefined,
        undefined,
        undefined,
        other,
        undefined,
        undefined,
        changed,
        undefined,
      ]);
      expect(await byId(other.id)).toEqual(changed);
      expect(await byId(user.id)).toEqual(user);
    });

    test('of many those are made that nobody is in the way of, and the others are as they were', async () => {
      const there = await added({ phone: '456' });
      const [one, two] = [aUser(), aUser({ userMetadata: { name: "O'Neil", tags: [1] } })];
      const all = [
        one,
        aUser({ id: there.id }),
        aUser({ email: there.email }),
        aUser({ phone: '456' }),
        aUser({ email: one.email }),
        two,
      ];
      const [made, known, none] = await within(async ({ users }) => [
        await users.insertNew(all),
        await users.known([...all.map(({ id }) => id), randomUUID(), 'no id']),
        [await users.insertNew([]), await users.known([])],
      ]);
      expect([...made].toSorted()).toEqual([one.id, two.id].toSorted());
      expect([...known].toSorted()).toEqual([there.id, one.id, two.id].toSorted());
      expect(none).toEqual([new Set(), new Set()]);
      for (const user of [there, one, two]) expect(await byId(user.id)).toEqual(user);
    });

    test('of two at once one has the address; both, if the first thinks better of it', async () => {
      const email = 'both@b.example';
      const insert = ({ users }: UserTransaction) => users.insert(aUser({ email }));
      const changedMind = () => {
        throw new Error('on second thoughts');
      };
      expect(await atOnce(insert, insert, changedMind)).toMatchObject(['failed', { email }]);
      expect(await atOnce(insert, insert)).toEqual([undefined, undefined]);
      const first = ({ users }: UserTransaction) => users.insert(aUser({ email: 'c@b.example' }));
      expect(await atOnce(first, first)).toMatchObject([{ email: 'c@b.example' }, undefined]);
      const [one, two] = [await added(), await added()];
      const take = (id: string) => (rows: UserTransaction) => rows.users.update(id, { email: 'd@b.example' });
      expect(await atOnce(take(one.id), take(two.id))).toMatchObject([{ id: one.id }, undefined]);
    });

    test('a change is of what is named, and nothing is kept of work that throws', async () => {
      const user = await added();
      const change = { userMetadata: {}, passwordHash: null, emailChangeConfirmStatus: 1, updatedAt: at(8) };
      expect(await within(({ users }) => users.update(user.id, change))).toEqual({ ...user, ...change });
      expect(await within(({ users }) => users.update(user.id, {}))).toEqual({ ...user, ...change });
      const failing = within(async ({ users }) => {
        await users.delete(user.id);
        throw new Error('on second thoughts');
      });
      await expect(failing).rejects.toThrow('on second thoughts');
      expect(await byId(user.id)).toEqual({ ...user, ...change });
    });

    test('whoever locks a row works on it alone', async () => {
      const user = await added({ userMetadata: { n: 0 } });
      const count = async ({ users }: UserTransaction) => {
        const found = await users.byId(user.id, 'lock');
        await users.update(user.id, { userMetadata: { n: Number(found?.userMetadata['n']) + 1 } });
      };
      await Promise.all([1, 2, 3, 4].map(() => within(count)));
      expect((await byId(user.id))?.userMetadata).toEqual({ n: 4 });
      const session = aSession(user.id, { refreshTokenCounter: 0 });
      await within(({ sessions }) => sessions.insert(session));
      const refresh = async ({ sessions }: UserTransaction) => {
        const found = await sessions.byId(session.id, 'lock');
        await sessions.update(session.id, { refreshTokenCounter: found!.refreshTokenCounter + 1 });
      };
      await Promise.all([1, 2, 3, 4].map(() => within(refresh)));
      const found = await within(({ sessions }) => sessions.byId(session.id));
      expect(found).toEqual({ ...session, refreshTokenCounter: 4 });
    });

    test('one who is locked may be referred to meanwhile', async () => {
      const user = await added();
      const session = aSession(user.id);
      const order: string[] = [];
      await atOnce(
        async ({ users }) => void (await users.byId(user.id, 'lock')),
        async ({ sessions }) => {
          await sessions.insert(session);
          order.push('inserted');
        },
        () => order.push('unlocked'),
      );
      expect(order).toEqual(['inserted', 'unlocked']);
    });

    test('whoever goes takes everything of theirs along', async () => {
      const user = await added();
      const [session, factor, flow, token] = [
        aSession(user.id),
        aFactor(user.id),
        aFlow({ userId: user.id }),
        aToken(user.id),
      ];
      await within(async ({ sessions, factors, flows, oneTimeTokens }) => {
        await sessions.insert(session);
        await sessions.prove(session.id, 'otp', at(1));
        await factors.insert(factor);
        await flows.insert(flow);
        await oneTimeTokens.put(token);
      });
      const left = await within(async ({ users, sessions, factors, flows, oneTimeTokens }) => {
        await users.delete(user.id);
        return [
          await users.byId(user.id),
          await sessions.byId(session.id),
          await factors.byId(factor.id),
          await flows.byId(flow.id),
          await oneTimeTokens.take([token.hash], [token.type]),
          ...(await sessions.methodsOf(session.id)),
        ];
      });
      expect(left).toEqual([undefined, undefined, undefined, undefined, undefined]);
    });

    test('a flow that waits for a provider is taken once, by whom it is bound to', async () => {
      const taken = async (id: string, boundTo: string) => within(({ flows }) => flows.take(id, boundTo));
      const waits = aFlow({ redirectTo: 'https://app.example/' });
      const adds = aFlow({ linkingTargetId: randomUUID() });
      const known = aFlow({ userId: randomUUID(), identityData: { sub: 'a' } });
      const coded = aFlow({ authCodeIssuedAt: at(1) });
      for (const flow of [waits, adds, known, coded]) await within(({ flows }) => flows.insert(flow));
      expect(await within(({ flows }) => flows.byId(known.id))).toEqual(known);
      expect([await taken(waits.id, ''), await taken(waits.id, adds.authCode)]).toEqual([
        undefined,
        undefined,
      ]);
      const both = await Promise.all([waits, waits].map(({ id, authCode }) => taken(id, authCode)));
      expect(both.filter(Boolean)).toEqual([waits]);
      expect(await taken(adds.id, '')).toEqual(adds);
      for (const { id, authCode } of [known, coded]) expect(await taken(id, authCode)).toBeUndefined();
      expect(await taken('x', '')).toBeUndefined();
    });

    test('flows that nobody came back to go when others begin, a few at a time', async () => {
      const twoDays = 2 * 24 * 60;
      const begun = async (providerType: string, minute: number) => {
        const flow = aFlow({ providerType, createdAt: at(minute) });
        await within(({ flows }) => flows.insert(flow));
        return flow;
      };
      const stays = [await begun('acme', -9), await begun('email', 1 - twoDays)];
      const goes = [await begun('acme', -12), await begun('email', -1 - twoDays)];
      const many = [];
      for (let nth = 0; nth < 30; nth++) many.push(await begun('acme', -11));
      const left = async (those: readonly { id: string }[]) => {
        let found = 0;
        for (const { id } of those) if (await within(({ flows }) => flows.byId(id))) found++;
        return found;
      };
      await begun('acme', 0);
      expect([await left(stays), await left(goes), await left(many)]).toEqual([2, 0, 11]);
      await begun('email', 0);
      expect([await left(stays), await left(goes), await left(many)]).toEqual([2, 0, 0]);
    });

    test('an identity is added to one user only', async () => {
      const [one, other] = [await added(), await added()];
      const add = (userId: string) =>
        within(({ identities }) =>
          identities.add({
            id: randomUUID(),
            userId,
            provider: 'acme',
            providerId: 'the same',
            data: { sub: 'the same' },
            lastSignInAt: null,
            createdAt: at(1),
            updatedAt: at(1),
          }),
        );
      const both = await Promise.all([add(one.id), add(other.id)]);
      expect(both.filter(Boolean)).toHaveLength(1);
      const kept = await within(({ identities }) => identities.find('acme', 'the same'));
      expect(kept?.userId).toBe(both[0] ? one.id : other.id);
    });

    test('pages are newest first; a filter is text, in addresses and full names', async () => {
      const page = (filter: string, nth = 1, perPage = 50) =>
        within(({ users }) => users.page({ page: nth, perPage, filter }), 1);
      expect(await page('')).toEqual({ users: [], total: 0 });
      const made: User[] = [];
      for (const [nth, full_name] of ['100% Ann', 'x_y', 'Bob', 'ÉMILE'].entries())
        made.unshift(aUser({ email: `u${nth}@p.example`, createdAt: at(nth), userMetadata: { full_name } }));
      await within(async ({ users }) => {
        for (const user of [made[2]!, made[0]!, made[1]!, made[3]!]) await users.insert(user);
      }, 1);
      expect(await page('')).toEqual({ users: made, total: 4 });
      expect(await page('', 2, 3)).toEqual({ users: made.slice(3), total: 4 });
      for (const beyond of [3, 1e300]) expect(await page('', beyond, 2)).toEqual({ users: [], total: 4 });
      const names = async (filter: string) =>
        (await page(filter)).users.map(({ email }) => email?.slice(0, 2));
      expect(await names('%')).toEqual(['u0']);
      expect(await names('_')).toEqual(['u1']);
      expect(await names('bOB')).toEqual(['u2']);
      expect(await names('U3@P')).toEqual(['u3']);
      expect(await names('\\')).toEqual([]);
      expect(await page('p.example', 2, 1)).toMatchObject({ users: [{ email: 'u2@p.example' }], total: 4 });
    });
  });
}
