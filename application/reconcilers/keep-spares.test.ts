import { describe, expect, test } from 'vitest';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { projectOfStream, type ProjectId } from '../../domain/project/project-id.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { Refused, Unavailable } from '../errors.ts';
import {
  command,
  issued,
  makeHarness,
  nothing,
  request,
  runToRest,
  secrets as vault,
  standing,
  stateOf,
} from '../testing/project-harness.ts';
import { failStep } from '../testing/process-properties.ts';
import { newProject } from '../ports/databases.contract.ts';
import { SpareKeeper } from './keep-spares.ts';

const DAY_MS = 24 * 3_600_000;

/** A platform in memory; its read model shows what is, or what was when it was told to stand still. */
function platform(wanted = 2, servers = ['main']) {
  const harness = makeHarness();
  const { store, clock } = harness;
  const state = {
    limit: 10,
    busy: false,
    version: 1,
    wanted,
    shown: undefined as readonly ProjectId[] | undefined,
  };
  const all = async () => {
    const { events } = await store.readAll({ after: 0n, limit: 10_000 });
    return Promise.all(
      [...new Set(events.flatMap(({ stream }) => projectOfStream(stream) ?? []))].map((id) =>
        stateOf(harness, id),
      ),
    );
  };
  const spares = async () =>
    (await all()).filter(({ ownerId, status }) => ownerId === '' && status !== 'purged');
  const keeper = () =>
    new SpareKeeper({
      ...harness,
      secrets: { issue: () => Promise.resolve(issued), seal: vault.seal.bind(vault) },
      migrations: { latestVersion: state.version },
      turns: new InMemoryTurns(),
      capacity: async (server) => {
        const used = (await all()).filter((one) => one.server === server && traitsOf(one.status).takesPlace);
        return { max: 55 + state.limit, reserved: 0, perProject: 1, used: used.length };
      },
      listed: async () =>
        (await spares())
          .filter(({ id }) => state.shown?.includes(id) ?? true)
          .map((one) => ({ ...one, process: one.run?.process ?? null })),
      serverOf: async (id) => (await stateOf(harness, id)).server,
      somebodyWaits: () => Promise.resolve(state.busy),
      servers,
      wanted: state.wanted,
    });
  /** looks, and takes what began to its end, until nothing is to do */
  const settle = async (one = keeper()) => {
    for (let looks = 0; looks < 10; looks++) {
      const before = await store.head();
      await one.look();
      await one.look();
      for (const { id } of await spares()) await runToRest(harness, id);
      if ((await store.head()) === before) return one;
    }
    throw new Error('it does not come to rest');
  };
  const wait = (ms: number) => clock.jumpTo(new Date(clock.now().getTime() + ms));
  const statuses = async () => (await spares()).map(({ status }) => status);
  return { harness, state, keeper, settle, spares, statuses, wait };
}

test('as many as there shall be, one after the other', async () => {
  const { harness, keeper, settle, spares, statuses } = platform();
  const one = keeper();
  await one.look();
  // the second look sees that it is missing still
  expect(await statuses()).toEqual([]);
  for (let looks = 0; looks < 4; looks++) await one.look();
  expect(await statuses()).toEqual(['provisioning']);
  await settle(one);
  expect(await statuses()).toEqual(['spare', 'spare']);
  expect(await standing(harness)).toEqual({ databases: 2, users: 2, pools: 2, dataApis: 2 });
  const [first] = await spares();
  await command(harness, first!.id, {
    kind: 'ClaimSpare',
    requestedAs: newProject(),
    ownerId: 'own_1',
    name: 'shop',
    displayName: 'Shop',
    templateVersion: 1,
    server: 'main',
    dataApi: DEFAULT_DATA_API_SETTINGS,
  });
  await settle(one);
  expect(await statuses()).toEqual(['spare', 'spare']);
});

test('one that the read model does not show yet is not requested twice', async () => {
  const { state, keeper, statuses } = platform();
  state.shown = [];
  const one = keeper();
  for (let looks = 0; looks < 5; looks++) await one.look();
  expect(await statuses()).toEqual(['provisioning']);
});

test('none while somebody waits, and the last place of a server stays free', async () => {
  const { harness, state, settle, statuses } = platform();
  state.busy = true;
  await settle();
  expect(await statuses()).toEqual([]);
  state.busy = false;
  for (let at = 0; at < 7; at++) {
    const id = newProject();
    await command(harness, id, request(id));
  }
  state.limit = 8;
  await settle();
  expect(await statuses()).toEqual([]);
  state.limit = 9;
  await settle();
  expect(await statuses()).toEqual(['spare']);
});

test('each server has its own', async () => {
  const { settle, spares } = platform(1, ['main', 'second']);
  await settle();
  expect((await spares()).map(({ server }) => server).toSorted()).toEqual(['main', 'second']);
});

describe('given up and made anew', () => {
  test('those that are behind the template, at once', async () => {
    const { harness, state, settle, spares } = platform();
    await settle();
    const old = (await spares()).map(({ id }) => id);
    state.version = 2;
    await settle();
    const now = await spares();
    expect(now.map(({ templateVersion, status }) => [templateVersion, status])).toEqual([
      [2, 'spare'],
      [2, 'spare'],
    ]);
    expect(now.map(({ id }) => id)).not.toContain(old[0]);
    for (const id of old) expect((await stateOf(harness, id)).status).toBe('purged');
  });

  test('those whose keys are old, one by one', async () => {
    const { keeper, settle, spares, statuses, wait } = platform();
    await settle();
    const [first, second] = await spares();
    wait(7 * DAY_MS + 1);
    const one = keeper();
    await one.look();
    await one.look();
    expect(await statuses()).toEqual(['purging', 'spare']);
    await settle(one);
    const now = await spares();
    expect(now.map(({ status }) => status)).toEqual(['spare', 'spare']);
    expect(now.map(({ id }) => id)).not.toContain(first!.id);
    expect(now.map(({ id }) => id)).not.toContain(second!.id);
  });

  test('those that are one too many; where there shall be none, all of them', async () => {
    const { harness, state, settle, spares, statuses } = platform(3);
    await settle();
    const [oldest] = await spares();
    state.wanted = 1;
    await settle();
    expect((await spares()).map(({ id }) => id)).toEqual([oldest!.id]);
    state.wanted = 0;
    await settle();
    expect(await statuses()).toEqual([]);
    expect(await standing(harness)).toEqual(nothing);
  });

  test('also one that is being prepared', async () => {
    const { harness, state, keeper, settle, statuses } = platform();
    const one = keeper();
    await one.look();
    await one.look();
    expect(await statuses()).toEqual(['provisioning']);
    state.wanted = 0;
    await settle();
    expect(await statuses()).toEqual([]);
    expect(await standing(harness)).toEqual(nothing);
  });
});

describe('what goes wrong', () => {
  test('one that cannot be prepared leaves nothing, and the next one waits longer each time', async () => {
    const { harness, keeper, spares, statuses, wait } = platform();
    const one = keeper();
    const tries: number[] = [];
    for (let second = 0; second < 200; second++) {
      await one.look();
      for (const { id } of await spares()) {
        tries.push(second);
        await runToRest(
          harness,
          id,
          failStep('spawn-postgrest', 99, () => new Refused('no')),
        );
      }
      wait(1_000);
    }
    expect(tries).toHaveLength(3);
    expect(tries[1]! - tries[0]!).toBeGreaterThanOrEqual(30);
    expect(tries[2]! - tries[1]!).toBeGreaterThanOrEqual(60);
    expect(await statuses()).toEqual([]);
    expect(await standing(harness)).toEqual(nothing);
  });

  test('one that cannot be removed waits for an operator, and so do the next ones', async () => {
    const { harness, state, keeper, settle, spares, statuses } = platform(1);
    await settle();
    state.version = 2;
    const one = keeper();
    await one.look();
    const [stuck] = await spares();
    const away = failStep('drop-database', 99, () => new Unavailable('drop it'));
    await runToRest(harness, stuck!.id, away);
    await one.look();
    expect(await statuses()).toEqual(['suspended']);
    await command(harness, stuck!.id, { kind: 'RetryStep' });
    await settle(one);
    expect(await statuses()).toEqual(['spare']);
  });
});
