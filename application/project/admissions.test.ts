import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import { Admissions, type Needs } from './admissions.ts';

/**
 * A platform with room for some projects; its read model takes a moment.
 * @param unseen projects in service that the view shows only to who has to wait for it
 */
function platform(limit: number, unseen = 0) {
  const state = { used: 0, looks: 0 };
  const capacity = async (_server: ServerName, places: number) => {
    state.looks++;
    await sleep(2);
    const shown = state.used + unseen + places <= limit ? state.used : state.used + unseen;
    return { max: 55 + limit, reserved: 0, perProject: 1, used: shown };
  };
  const turns = new InMemoryTurns();
  /** two processes of one platform */
  const both = [0, 1].map(() => new Admissions({ turns, capacity }));
  const record = async () => {
    await sleep(1);
    state.used++;
  };
  const ask = (at: number, work = record, needsRoom = true) =>
    both[at % 2]!.admit(() => Promise.resolve(needsRoom ? { place: MAIN_SERVER } : {}), work);
  return { state, ask };
}
const outcomes = async (asked: readonly Promise<void>[]) =>
  (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled').length;

test('of many at once, in two processes, exactly as many get in as there is room for', async () => {
  const { state, ask } = platform(30);
  expect(await outcomes(Array.from({ length: 100 }, (_, at) => ask(at)))).toBe(30);
  expect(state.used).toBe(30);
  await expect(ask(0)).rejects.toMatchObject({
    code: 'platform/capacity-reached',
    facts: { used: 30, limit: 30 },
  });
});

test('what the view does not show yet is room for nobody', async () => {
  const { state, ask } = platform(10, 3);
  expect(await outcomes(Array.from({ length: 8 }, () => ask(0)))).toBe(7);
  expect(state.used + 3).toBe(10);
});

test('those who wait share a look', async () => {
  const { state, ask } = platform(1_000);
  expect(await outcomes(Array.from({ length: 50 }, () => ask(0)))).toBe(50);
  expect(state.looks).toBeLessThanOrEqual(3);
});

test('the place of one that comes to nothing goes to the next one', async () => {
  const { state, ask } = platform(1);
  const failing = () => Promise.reject(new RangeError('name taken'));
  const [first, second, third] = await Promise.allSettled([ask(0, failing), ask(0, failing), ask(0)]);
  expect([first?.status, second?.status, third?.status]).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(state.used).toBe(1);
});

test('who needs no room comes through when there is none', async () => {
  const { ask } = platform(0);
  await ask(0, () => Promise.resolve(), false);
  await expect(ask(0)).rejects.toMatchObject({ code: 'platform/capacity-reached' });
});

test('of many at once an owner gets exactly as many as one may have; others and what exists are not touched', async () => {
  const have = new Map([['ann', 1]]);
  const turns = new InMemoryTurns();
  const capacity = async () => ({ max: 155, reserved: 0, perProject: 1, used: 0 });
  const owned = async (ownerId: string) => {
    await sleep(1);
    return { owned: have.get(ownerId) ?? 0, most: 4 };
  };
  const both = [0, 1].map(() => new Admissions({ turns, capacity, owned }));
  const create = (at: number, owner: string, fails = false) =>
    both[at % 2]!.admit(
      () => Promise.resolve({ place: MAIN_SERVER, newOf: owner }),
      async () => {
        await sleep(1);
        if (fails) throw new RangeError('name taken');
        have.set(owner, (have.get(owner) ?? 0) + 1);
      },
    );
  const asked = Array.from({ length: 20 }, (_, at) => create(at, 'ann', at === 0));
  const others = ['bob', 'cid'].map((owner, at) => create(at, owner));
  expect(await outcomes(asked)).toBe(3);
  expect(await outcomes(others)).toBe(2);
  expect(have.get('ann')).toBe(4);
  await expect(create(0, 'ann')).rejects.toMatchObject({
    code: 'owner/too-many-projects',
    facts: { projects: 4, limit: 4 },
  });
  // a paused one that comes back is no new one
  await both[0]!.admit(
    () => Promise.resolve({ place: MAIN_SERVER }),
    () => Promise.resolve(),
  );
});

describe('with spare projects', () => {
  /** all places of a server are taken, some of them by spares, which take a moment to go */
  function full(spares: number) {
    const state = { used: 3, spares, given: 0 };
    const capacity = () => Promise.resolve({ max: 58, reserved: 0, perProject: 1, used: state.used });
    const free = async (_server: ServerName, places: number) => {
      const ends = Math.min(places, state.spares);
      state.spares -= ends;
      state.given += ends;
      await sleep(5);
      state.used -= ends;
      return ends;
    };
    const places = { count: () => Promise.resolve(state.spares), free };
    const admissions = new Admissions({ turns: new InMemoryTurns(), capacity, spares: places });
    const ask = (needs: Needs = { place: MAIN_SERVER }) =>
      admissions.admit(
        () => Promise.resolve(needs),
        () => Promise.resolve(needs.place && state.used++).then(() => undefined),
      );
    return { state, admissions, ask };
  }

  test('who needs a place gets theirs, once they are gone; the others are refused', async () => {
    const { state, ask } = full(2);
    expect(await outcomes([ask(), ask(), ask(), ask()])).toBe(2);
    expect(state).toEqual({ used: 3, spares: 0, given: 2 });
    await expect(ask()).rejects.toMatchObject({ code: 'platform/capacity-reached' });
  });

  test('no more of them go than are needed, and nobody waits for that who needs none', async () => {
    const { state, ask } = full(2);
    const [waits, free] = [ask(), ask({ newOf: 'ann' })];
    await free;
    expect(state.used).toBe(3);
    await waits;
    expect(state).toEqual({ used: 3, spares: 1, given: 1 });
  });

  test('who only looks is told that there is room, and none goes', async () => {
    const { state, admissions } = full(1);
    const look = () =>
      admissions.look(
        () => Promise.resolve({ place: MAIN_SERVER }),
        () => Promise.resolve('seen'),
      );
    expect(await look()).toBe('seen');
    expect(state.given).toBe(0);
    state.spares = 0;
    await expect(look()).rejects.toMatchObject({ code: 'platform/capacity-reached' });
  });
});

test('a server that is full, or away, keeps nobody from a place on another one', async () => {
  const used = new Map([
    ['main', 0],
    ['full', 3],
  ]);
  const asked: ServerName[] = [];
  const capacity = (server: ServerName) => {
    asked.push(server);
    const taken = used.get(server);
    return taken === undefined
      ? Promise.reject(new RangeError('no answer'))
      : Promise.resolve({ max: 58, reserved: 0, perProject: 1, used: taken });
  };
  const admissions = new Admissions({ turns: new InMemoryTurns(), capacity });
  const create = (server: ServerName) =>
    admissions.admit(
      () => Promise.resolve({ place: server }),
      async () => {
        await sleep(1);
        used.set(server, (used.get(server) ?? 0) + 1);
      },
    );
  // the first one has a turn to itself; the others share the next one
  const first = create('main');
  const [onMain, onFull, onAway, last] = await Promise.allSettled(
    ['main', 'full', 'away', 'main'].map(create),
  );
  await first;
  expect([onMain?.status, last?.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(onFull).toMatchObject({
    reason: { code: 'platform/capacity-reached', facts: { used: 3, limit: 3 } },
  });
  expect(onAway).toMatchObject({ reason: { message: 'no answer' } });
  expect(used.get('main')).toBe(3);
  expect(asked.filter((server) => server === 'full')).toHaveLength(1);
});
