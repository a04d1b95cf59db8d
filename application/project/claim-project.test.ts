import { describe, expect, test } from 'vitest';
import { projectNameStream } from '../../domain/project/project-name.ts';
import { projectOfStream, projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { Unavailable } from '../errors.ts';
import type { EventStore } from '../ports/event-store.ts';
import { newProject } from '../ports/databases.contract.ts';
import { projectHost } from '../process-managers/processes.ts';
import {
  command,
  issued,
  makeHarness,
  METADATA,
  requestSpare,
  runToRest,
  secrets as vault,
  standing,
  stateOf,
} from '../testing/project-harness.ts';
import { Admissions } from './admissions.ts';
import { explainProject } from './explain-project.ts';
import { loadOwnedProject, ownedSince } from './load-project.ts';
import { planCommand } from './plan-command.ts';
import { requestProject, type ProjectRequest, type RequestProjectDependencies } from './request-project.ts';
import { Spares } from './spares.ts';

const OWNER = 'own_1';
const KEY = { idempotencyKey: 'key' };

/** A platform in memory with some spare projects; its read model shows them for ever. */
async function platform(spares = 2, { latestVersion = 1, most = 10 } = {}) {
  const harness = makeHarness();
  const { store, ids } = harness;
  const ready: ProjectId[] = [];
  for (let at = 0; at < spares; at++) {
    const id = newProject();
    await command(harness, id, requestSpare(id));
    await runToRest(harness, id);
    ready.push(id);
  }
  const all = async () => {
    const { events } = await store.readAll({ after: 0n, limit: 10_000 });
    const known = [...new Set(events.flatMap(({ stream }) => projectOfStream(stream) ?? []))];
    const states = await Promise.all(known.map((id) => stateOf(harness, id).catch(() => undefined)));
    return states.flatMap((one) => one ?? []);
  };
  const owned = async () => ({
    owned: (await all()).filter(({ ownerId }) => ownerId === OWNER).length,
    most,
  });
  const room = { places: 0 };
  const capacity = () => Promise.resolve({ max: 55 + room.places, reserved: 0, perProject: 1, used: 0 });
  const clock = { now: () => new Date(), elapsedMs: () => performance.now(), sleep: () => Promise.resolve() };
  const secrets = { issue: () => Promise.resolve(issued), seal: vault.seal.bind(vault) };
  const admissions = new Admissions({ turns: new InMemoryTurns(), capacity, owned });
  const basics = { store, ids, clock, secrets, migrations: { latestVersion }, admissions };
  /** of each process of the platform */
  const dependencies = (): RequestProjectDependencies => ({
    ...basics,
    spares: new Spares(() => Promise.resolve(ready)),
  });
  const ask = (more: Partial<ProjectRequest> = {}, changed: Partial<RequestProjectDependencies> = {}) =>
    requestProject(
      { ...dependencies(), ...changed },
      { ownerId: OWNER, name: 'shop', displayName: 'Shop', ...more },
      METADATA,
    );
  const plan = () => {
    const { processes } = projectHost(harness.world);
    const usual = () => Promise.resolve({ whole: undefined, steps: new Map() });
    return planCommand({ store, clock, admissions, capacity, processes, usual }, (on) => ask({}, on));
  };
  const theirs = async () => (await all()).filter(({ ownerId }) => ownerId !== '');
  return { harness, ready, room, dependencies, ask, plan, theirs };
}

test('whoever asks has the oldest one that stands ready, at once, and nothing of it is made anew', async () => {
  const { harness, ready, ask, theirs } = await platform();
  const before = await standing(harness);
  const { projectId, repeated } = await ask();
  expect([projectId, repeated]).toEqual([ready[0], false]);
  expect(await theirs()).toMatchObject([
    { id: projectId, status: 'active', name: 'shop', displayName: 'Shop', run: null },
  ]);
  expect(await standing(harness)).toEqual(before);
  const history = await harness.store.readStream(projectStream(projectId));
  expect(history.slice(-2)).toMatchObject([{ type: 'SpareClaimed' }, { type: 'ProjectActivated' }]);
  expect(history.at(-1)?.metadata).toMatchObject(METADATA);
});

test('two at once get two, whether or not they are in one process, and who comes later gets none', async () => {
  const { ready, dependencies, ask, theirs, room } = await platform();
  const one = dependencies();
  const both = await Promise.all(['a', 'b'].map((name) => ask({ name: `shop-${name}` }, one)));
  expect(new Set(both.map(({ projectId }) => projectId))).toEqual(new Set(ready));
  await expect(ask({ name: 'late' })).rejects.toMatchObject({ code: 'platform/capacity-reached' });
  room.places = 1;
  await ask({ name: 'late' });
  expect((await theirs()).map(({ status }) => status).toSorted()).toEqual([
    'active',
    'active',
    'provisioning',
  ]);

  const apart = await platform();
  const twins = await Promise.all(['a', 'b'].map((name) => apart.ask({ name: `shop-${name}` })));
  expect(new Set(twins.map(({ projectId }) => projectId))).toEqual(new Set(apart.ready));
});

test('one that somebody else gets in between costs another look, not the request', async () => {
  const { harness, ready, dependencies, ask } = await platform();
  const { spares } = dependencies();
  const taken: ProjectId[] = [];
  const snatched = {
    giveBack: (id: ProjectId | undefined) => spares?.giveBack(id),
    take: async (...given: Parameters<Spares['take']>) => {
      const found = await spares?.take(...given);
      if (found && taken.push(found.id) === 1)
        await command(harness, found.id, { kind: 'GiveUpSpare', because: 'age' });
      return found;
    },
  };
  expect((await ask({}, { spares: snatched })).projectId).toBe(ready[1]);
  expect(taken).toEqual(ready);
  // and the name is the project's, whichever it was reserved for
  await command(harness, ready[1]!, { kind: 'PurgeProject' });
  expect((await runToRest(harness, ready[1]!)).status).toBe('purged');
});

test('it needs no place, but its owner has to have room', async () => {
  const { ask } = await platform(2, { most: 1 });
  await ask();
  await expect(ask({ name: 'second' })).rejects.toMatchObject({ code: 'owner/too-many-projects' });
});

test('of a newer release nobody gets one that is behind', async () => {
  const { ask, ready, room } = await platform(2, { latestVersion: 2 });
  room.places = 1;
  expect(ready).not.toContain((await ask()).projectId);
});

test('of twenty requests for one name exactly one wins', async () => {
  const { ask, theirs, room } = await platform(3);
  room.places = 20;
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => ask()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of outcomes)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'project/name-taken' });
  expect(await theirs()).toHaveLength(1);
});

/** A log that dies around its nth append: before it is written, or before anybody hears that it was. */
function dying(store: EventStore, nth: number, when: 'before' | 'after'): EventStore {
  let appends = 0;
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'append') return (target[name as keyof EventStore] as () => unknown).bind(target);
      return async (...given: Parameters<EventStore['append']>) => {
        appends++;
        if (appends === nth && when === 'after') await target.append(...given);
        if (appends >= nth) throw new Unavailable('append');
        return target.append(...given);
      };
    },
  });
}
/** the name, the choice, the claim */
const CRASHES = [1, 2, 3].flatMap((nth) => (['before', 'after'] as const).map((when) => ({ nth, when })));

describe('a request with a key', () => {
  test.each(CRASHES)('that died $when append $nth is found, or goes on', async ({ nth, when }) => {
    const { harness, ask, theirs, ready } = await platform();
    await expect(ask(KEY, { store: dying(harness.store, nth, when) })).rejects.toThrow(Unavailable);
    const claimed = nth === 3 && when === 'after';
    expect(await theirs()).toHaveLength(claimed ? 1 : 0);
    const again = await ask(KEY);
    expect(again).toEqual({ projectId: ready[0], repeated: claimed });
    expect(await ask(KEY)).toEqual({ projectId: ready[0], repeated: true });
    expect(await theirs()).toHaveLength(1);
    await expect(ask({ ...KEY, displayName: 'Other' })).rejects.toMatchObject({
      code: 'idempotency/key-reused',
    });
  });

  test.each(CRASHES)(
    'that died $when append $nth goes another way when what it chose is gone, and is found there',
    async ({ nth, when }) => {
      const { harness, ask, theirs, ready, room } = await platform();
      await expect(ask(KEY, { store: dying(harness.store, nth, when) })).rejects.toThrow(Unavailable);
      const claimed = nth === 3 && when === 'after';
      await command(harness, ready[0]!, { kind: 'GiveUpSpare', because: 'age' });
      const next = await ask(KEY);
      expect(next.projectId).toBe(claimed ? ready[0] : ready[1]);
      expect(await ask(KEY)).toEqual({ ...next, repeated: true });

      // and with none left
      const cold = { name: 'cold', idempotencyKey: 'cold' };
      room.places = 1;
      const store = dying(harness.store, nth, when);
      await ask(cold, { store }).catch(() => undefined);
      const made = await ask(cold);
      expect(await ask(cold)).toEqual({ ...made, repeated: true });
      expect(await theirs()).toHaveLength(2);
    },
  );

  test.each(CRASHES)(
    'that died $when append $nth blocks nobody, and cannot come back',
    async ({ nth, when }) => {
      const { harness, ask, theirs, ready, room } = await platform();
      room.places = 1;
      await expect(ask(KEY, { store: dying(harness.store, nth, when) })).rejects.toThrow(Unavailable);
      if (nth === 3 && when === 'after') {
        await expect(ask()).rejects.toMatchObject({ code: 'project/name-taken' });
        return;
      }
      const { projectId } = await ask();
      const names = await harness.store.readStream(projectNameStream(OWNER, 'shop'));
      expect(names.at(-1)?.data).toMatchObject({ projectId });
      if (nth > 1) await expect(ask(KEY)).rejects.toMatchObject({ code: 'project/name-taken' });
      expect(await theirs()).toHaveLength(1);
      // what it chose, and might have claimed still, is nobody's any more
      if (nth === 3) expect(await stateOf(harness, ready[0]!)).toMatchObject({ status: 'purging' });
    },
  );

  test('asked ten times at once makes one project', async () => {
    const { ask, theirs } = await platform(3);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask(KEY)));
    expect(new Set(outcomes.map(({ projectId }) => projectId)).size).toBe(1);
    expect(outcomes.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await theirs()).toHaveLength(1);
  });
});

test('while the read model is away everybody goes the long way', async () => {
  const { ask, ready, room } = await platform();
  room.places = 1;
  const spares = new Spares(() => Promise.reject(new Unavailable('look')));
  expect(ready).not.toContain((await ask({}, { spares })).projectId);
});

test('its owner sees it begin with the claim, and why it is there', async () => {
  const { harness, ask } = await platform();
  const { projectId } = await ask();
  const loaded = await loadOwnedProject(harness.store, OWNER, projectId);
  const since = ownedSince(loaded.history);
  expect(explainProject(loaded, since).chain.map(({ type }) => type)).toEqual([
    'SpareClaimed',
    'ProjectActivated',
  ]);
  expect(explainProject(loaded, since).chain[0]?.text).toContain('stood ready');
  expect(explainProject(loaded).chain[0]?.type).toBe('SpareRequested');
  const { createdAt } = loaded.project;
  for (const point of [{ revision: since - 1 }, { at: new Date(createdAt.getTime() - 1) }, { revision: 0 }])
    await expect(loadOwnedProject(harness.store, OWNER, projectId, point)).rejects.toMatchObject({
      code: 'project/not-found',
    });
  expect((await loadOwnedProject(harness.store, OWNER, projectId, { revision: since })).project.name).toBe(
    'shop',
  );
});

test('a plan tells of the claim, and takes nothing', async () => {
  const { harness, plan, ask, ready, room } = await platform(1);
  const before = await harness.store.head();
  expect(await plan()).toMatchObject({
    refusal: undefined,
    process: undefined,
    steps: [],
    connections: { change: 0 },
    takes: expect.arrayContaining(['the name "shop"', 'a database']) as unknown,
    effects: expect.arrayContaining([expect.stringContaining('at once')]) as unknown,
  });
  expect(await harness.store.head()).toBe(before);
  expect((await ask()).projectId).toBe(ready[0]);
  room.places = 1;
  expect(await plan()).toMatchObject({ refusal: { code: 'project/name-taken' } });
});
