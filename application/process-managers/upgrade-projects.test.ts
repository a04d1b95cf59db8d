import { Background } from '../background/background.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { rolloutDecider, ROLLOUTS_STREAM } from '../../domain/platform/rollout.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { isInService } from '../../domain/project/project-status.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import { Refused, Unavailable } from '../errors.ts';
import { handle, readOrEmpty } from '../handle.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { EventStore } from '../ports/event-store.ts';
import { loadProject } from '../project/load-project.ts';
import { cancelRollout } from '../operator/rollouts.ts';
import { upgradeVerdict } from '../project/upgrade-project.ts';
import { StreamWatch } from '../stream-watch.ts';
import {
  command,
  makeHarness,
  METADATA,
  request,
  runToRest,
  secrets,
  stateOf,
} from '../testing/project-harness.ts';
import { EffectsUnderWay } from '../process-engine/effects-under-way.ts';
import type { Progress } from '../ports/step-progress.ts';
import { ProcessWorker } from '../process-engine/process-worker.ts';
import { projectHost } from './processes.ts';
import { latestRollout, ProjectUpgrades } from './upgrade-projects.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const PATIENCE = { timeout: 10_000, interval: 5 };
const AT_ONCE = 3;
const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop();
});

/** Projects at version 1 and those who bring them to version 2; `migrate` is what a project's migration does. */
async function platform(count: number, migrate: (id: ProjectId) => Promise<void> = () => Promise.resolve()) {
  const harness = makeHarness();
  const ids: ProjectId[] = [];
  for (let nth = 0; nth < count; nth++) {
    const id = newProject();
    await command(harness, id, request(id));
    await runToRest(harness, id);
    ids.push(id);
  }
  /** in the order in which their migrations began */
  const begun: ProjectId[] = [];
  let [underWay, most] = [0, 0];
  const world = {
    ...harness.world,
    migrations: {
      latestVersion: 2,
      async migrate(id: ProjectId) {
        begun.push(id);
        most = Math.max(most, ++underWay);
        await migrate(id).finally(() => underWay--);
        return [];
      },
    },
  };
  const clock = new SystemClock();
  const dependencies = { ...harness, secrets, clock, log: quiet };
  const turns = {
    ...dependencies,
    effects: new EffectsUnderWay(),
    bounds: {
      timeoutMs: 100_000,
      retry: { tries: 2, firstPauseMs: 1, longestPauseMs: 1 },
      deadlineMs: 100_000,
    },
    observe() {},
    around: <T>(_tried: unknown, effect: () => Promise<T>) => effect(),
    progress() {},
  };
  const open = () => Promise.resolve({ streams: [], position: 0n });
  const processes = new ProcessWorker({ ...turns, concurrency: 6, open }, projectHost(world));
  await processes.start();
  running.push(processes);
  const behind = async (version: number) => {
    const states = await Promise.all(ids.map((id) => stateOf(harness, id)));
    return states.flatMap(({ id, status, run, templateVersion }) =>
      templateVersion < version && !run && isInService(status) ? [id] : [],
    );
  };
  const told: (Progress | undefined)[] = [];
  async function startUpgrades(store: EventStore = harness.store) {
    const watch = new StreamWatch(store);
    await watch.start();
    running.push(watch);
    const upgrades = new ProjectUpgrades({
      ...turns,
      progress: (_tried, progress) => void told.push(progress),
      store,
      watch,
      behind,
      atOnce: AT_ONCE,
    });
    await upgrades.start();
    running.push(upgrades);
    const catchUp = { name: 'catch-up', everyMs: 20, failed: '', run: () => upgrades.catchUp() };
    running.push(new Background(clock, quiet).start(catchUp));
    return upgrades;
  }
  let wishes = 0;
  const roll = async (projects: readonly ProjectId[] = ids) => {
    const [canary, ...others] = projects as [ProjectId, ...ProjectId[]];
    const start = { kind: 'StartRollout', version: 2, canary, others } as const;
    const metadata = { ...METADATA, correlationId: `wish-${++wishes}` };
    await handle(harness, rolloutDecider, ROLLOUTS_STREAM, start, metadata);
  };
  const ended = (kind: 'completed' | 'stopped' | 'cancelled') =>
    vi.waitFor(async () => {
      const rollout = (await latestRollout(harness.store))?.rollout;
      expect(rollout?.kind).toBe(kind);
      return rollout;
    }, PATIENCE);
  const versions = () => Promise.all(ids.map(async (id) => (await stateOf(harness, id)).templateVersion));
  const typesOf = async (id: ProjectId) =>
    (await harness.store.readStream(projectStream(id))).map(({ type }) => type);
  return { harness, ids, begun, told, most: () => most, startUpgrades, roll, ended, versions, typesOf };
}

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

test('the canary alone, then the others, a few at a time; all in the wish of the one who asked', async () => {
  let canaryDone = false;
  const { ids, begun, told, most, startUpgrades, roll, ended, versions, harness } = await platform(
    12,
    async (id) => {
      if (id !== ids[0]) expect(canaryDone).toBe(true);
      await soon();
      canaryDone = true;
    },
  );
  await startUpgrades();
  await roll();
  await ended('completed');
  const { events } = await harness.store.readAll({ after: 0n, limit: 1_000 });
  const types = events.map(({ type }) => type);
  expect(types.indexOf('RolloutCompleted')).toBeGreaterThan(types.lastIndexOf('ProjectUpgraded'));
  expect(await versions()).toEqual(ids.map(() => 2));
  expect(begun[0]).toBe(ids[0]);
  expect(begun).toHaveLength(12);
  const parts = Array.from({ length: 13 }, (_, done) => ({ done, total: 12, unit: 'projects' }));
  expect(told).toEqual([...parts, undefined]);
  expect(most()).toBe(AT_ONCE);
  const history = await harness.store.readStream(projectStream(ids[5]!));
  expect(history.slice(-4).map(({ metadata }) => metadata.correlationId)).toEqual(Array(4).fill('wish-1'));
});

test('a canary that fails stops it: nobody else is asked, nobody is suspended', async () => {
  const { ids, startUpgrades, roll, ended, versions, typesOf, harness } = await platform(4, () =>
    Promise.reject(new Refused('could not apply 0002_x.sql, line 3: no')),
  );
  await startUpgrades();
  await roll();
  const reason = 'migrate-schema: could not apply 0002_x.sql, line 3: no';
  expect(await ended('stopped')).toMatchObject({ failure: { projectId: ids[0], reason } });
  expect(await versions()).toEqual([1, 1, 1, 1]);
  expect(await stateOf(harness, ids[0]!)).toMatchObject({ status: 'active', run: null });
  for (const id of ids.slice(1)) expect((await typesOf(id)).at(-1)).toBe('ProjectActivated');
});

test('a later failure lets those under way finish and asks no others; asked again it goes on with what is left', async () => {
  let broken = true;
  const { ids, begun, startUpgrades, roll, ended, versions } = await platform(10, async (id) => {
    await soon();
    if (broken && id === ids[3]) throw new Unavailable('reach it');
    await soon();
  });
  await startUpgrades();
  await roll();
  expect(await ended('stopped')).toMatchObject({ failure: { projectId: ids[3] } });
  const asked = new Set(begun);
  expect(asked.size).toBeLessThan(10);
  expect(await versions()).toEqual(ids.map((id) => (asked.has(id) && id !== ids[3] ? 2 : 1)));
  broken = false;
  await roll(ids.filter((id) => !asked.has(id) || id === ids[3]));
  await ended('completed');
  expect(await versions()).toEqual(ids.map(() => 2));
});

test('stopped by an operator: those under way finish, nobody else is asked, and a new one takes the rest', async () => {
  const gate = Promise.withResolvers<void>();
  let isOpen = false;
  const { harness, ids, begun, startUpgrades, roll, ended, versions } = await platform(10, async (id) => {
    if (id !== ids[0] && !isOpen) await gate.promise;
  });
  await startUpgrades();
  await roll();
  await vi.waitFor(() => expect(begun).toHaveLength(1 + AT_ONCE), PATIENCE);
  await cancelRollout(harness, METADATA);
  await ended('cancelled');
  isOpen = true;
  gate.resolve();
  await vi.waitFor(
    async () => expect((await versions()).filter((one) => one === 2)).toHaveLength(4),
    PATIENCE,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(begun).toHaveLength(1 + AT_ONCE);
  await roll();
  await ended('completed');
  expect(await versions()).toEqual(ids.map(() => 2));
});

test('whoever takes over goes on where it was: each project is migrated once', async () => {
  const { ids, startUpgrades, roll, ended, versions, typesOf, begun } = await platform(12, soon);
  const first = await startUpgrades();
  await roll();
  await vi.waitFor(() => expect(begun.length).toBeGreaterThan(4), PATIENCE);
  await first.stop();
  expect((await versions()).filter((version) => version === 1).length).toBeGreaterThan(0);
  await startUpgrades();
  await ended('completed');
  expect(await versions()).toEqual(ids.map(() => 2));
  for (const id of ids) {
    const types = await typesOf(id);
    // the first one is of its birth
    expect(types.filter((type) => type === 'SchemaMigrated')).toHaveLength(2);
  }
});

test('a failure that was not yet recorded as the end is met by whoever takes over, before they ask anybody', async () => {
  const { harness, ids, startUpgrades, roll, ended, typesOf } = await platform(6, (id) =>
    id === ids[2] ? Promise.reject(new Refused('no')) : soon(),
  );
  const mute: EventStore = {
    capabilities: harness.store.capabilities,
    readStream: (...given) => harness.store.readStream(...given),
    readAll: (...given) => harness.store.readAll(...given),
    subscribe: (...given) => harness.store.subscribe(...given),
    head: () => harness.store.head(),
    verifyChain: () => harness.store.verifyChain(),
    verifyEvent: (place) => harness.store.verifyEvent(place),
    close: () => Promise.resolve(),
    append: (stream, ...given) =>
      stream === ROLLOUTS_STREAM
        ? Promise.reject(new Unavailable('write'))
        : harness.store.append(stream, ...given),
  };
  const first = await startUpgrades(mute);
  await roll();
  await vi.waitFor(async () => expect(await typesOf(ids[2]!)).toContain('ProjectUpgradeFailed'), PATIENCE);
  await first.stop();
  const before = await harness.store.head();
  await startUpgrades();
  await ended('stopped');
  const { events } = await harness.store.readAll({ after: before, limit: 100 });
  // those that were under way go on
  expect(events.map(({ type }) => type)).not.toContain('ProjectUpgradeRequested');
  expect((await typesOf(ids[5]!)).at(-1)).toBe('ProjectActivated');
});

test('one that is paused meanwhile is passed over, and brought up when it is back', async () => {
  const { harness, ids, startUpgrades, roll, ended, versions } = await platform(3, soon);
  await command(harness, ids[0]!, { kind: 'PauseProject' });
  await vi.waitFor(async () => expect((await stateOf(harness, ids[0]!)).status).toBe('paused'), PATIENCE);
  await startUpgrades();
  await roll();
  await ended('completed');
  expect(await versions()).toEqual([1, 2, 2]);
  await command(harness, ids[0]!, { kind: 'ResumeProject' });
  await vi.waitFor(async () => expect(await versions()).toEqual([2, 2, 2]), PATIENCE);
});

test('one that comes back later and fails is asked once; an operator looks first', async () => {
  const { harness, ids, startUpgrades, roll, ended, begun } = await platform(2, (id) =>
    id === ids[1] ? Promise.reject(new Refused('no')) : soon(),
  );
  await startUpgrades();
  await roll([ids[0]!]);
  await ended('completed');
  await vi.waitFor(
    async () => expect((await stateOf(harness, ids[1]!)).upgrade?.failure?.reason).toBe('no'),
    PATIENCE,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(begun.filter((id) => id === ids[1])).toHaveLength(1);
});

test('a wake goes before the upgrade of a sleeping project, which comes after it all the same', async () => {
  let woken = false;
  const { harness, ids, startUpgrades, roll, ended, typesOf } = await platform(1, async (id) => {
    if (!woken) await command(harness, id, { kind: 'WakeProject' });
    woken = true;
  });
  await command(harness, ids[0]!, { kind: 'SleepProject', idleSince: new Date(0) });
  await vi.waitFor(async () => expect((await stateOf(harness, ids[0]!)).status).toBe('sleeping'), PATIENCE);
  await startUpgrades();
  await roll();
  await ended('completed');
  const types = await typesOf(ids[0]!);
  expect(types.slice(types.indexOf('ProjectSlept') + 1)).toEqual([
    'ProjectUpgradeRequested',
    'DatabaseUsersCreated',
    'PoolRegistered',
    'ProjectWakeRequested',
    'PostgrestSpawned',
    'ProjectWoken',
    'ProjectUpgradeRequested',
    'DatabaseUsersCreated',
    'PoolRegistered',
    'SchemaMigrated',
    'ProjectUpgraded',
  ]);
  expect((await loadProject(harness.store, ids[0]!))?.project).toMatchObject({
    status: 'active',
    templateVersion: 2,
  });
});

test('a project that is gone and a log without rollouts are nothing to stumble over', async () => {
  const { harness, ids, startUpgrades, roll, ended } = await platform(1);
  const upgrades = await startUpgrades();
  await upgrades.catchUp();
  expect(await readOrEmpty(harness.store, ROLLOUTS_STREAM)).toEqual([]);
  await roll([newProject(), ids[0]!]);
  await ended('completed');
  expect((await stateOf(harness, ids[0]!)).templateVersion).toBe(2);
});

test('it is done when that is recorded, not when the files are applied', async () => {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  await runToRest(harness, id);
  await command(harness, id, { kind: 'UpgradeProject', version: 2 });
  const { revision } = await runToRest(harness, id);
  const at = async (point: number) =>
    upgradeVerdict(await loadProject(harness.store, id, { revision: point }), 2, 'test');
  expect(await at(revision - 1)).toBeUndefined();
  expect(await at(revision)).toEqual({ kind: 'done' });
});
