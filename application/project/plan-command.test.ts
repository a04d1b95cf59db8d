import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { projectOfStream, projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { Refused } from '../errors.ts';
import { projectHost } from '../process-managers/processes.ts';
import { failStep, freshDependencies } from '../testing/process-properties.ts';
import {
  command,
  issued,
  makeHarness,
  METADATA,
  runToRest,
  secrets as vault,
  stateOf,
} from '../testing/project-harness.ts';
import { turn } from '../process-engine/turn.ts';
import { Admissions } from './admissions.ts';
import { changeProject, type ProjectChange } from './change-project.ts';
import { loadProject } from './load-project.ts';
import { planCommand, type Trial, type UsualTimes } from './plan-command.ts';
import { requestProject, type ProjectRequest } from './request-project.ts';
import { upgradeOwnProject } from './upgrade-own-project.ts';

const OWNER = 'own_1';
const PER_PROJECT = 7;
const NONE: UsualTimes = { whole: undefined, steps: new Map() };

/** A platform in memory with one project, and every command that can be planned. */
async function platform() {
  const harness = makeHarness();
  const { store, ids, world } = harness;
  const clock = { now: harness.clock.now, elapsedMs: () => 0, sleep: () => Promise.resolve() };
  const room = { projects: 10, perOwner: 10 };
  const statuses = async () => {
    const { events } = await store.readAll({ after: 0n, limit: 10_000 });
    const all = [...new Set(events.flatMap(({ stream }) => projectOfStream(stream) ?? []))];
    return Promise.all(all.map(async (one) => (await loadProject(store, one))?.project.status));
  };
  const used = async () => (await statuses()).filter((one) => one && traitsOf(one).takesPlace).length;
  const capacity = async () => ({
    max: 55 + room.projects * PER_PROJECT,
    reserved: 0,
    perProject: PER_PROJECT,
    used: await used(),
  });
  const owned = async () => ({
    owned: (await statuses()).filter((one) => one && traitsOf(one).kept).length,
    most: room.perOwner,
  });
  const admissions = new Admissions({ turns: new InMemoryTurns(), capacity, owned });
  const template = { latestVersion: 1 };
  // to make new ones each time would take longer than everything else here
  const secrets = {
    issue: () => Promise.resolve(issued),
    seal: vault.seal.bind(vault),
    completed: vault.completed.bind(vault),
  };
  const basics = { store, ids, clock, secrets, migrations: template, admissions };
  const { processes } = projectHost(world);
  const plans = { store, clock, admissions, capacity, processes, usual: () => Promise.resolve(NONE) };
  type On = typeof basics | (Omit<typeof basics, 'store' | 'admissions'> & Trial);
  const create =
    (change: Partial<ProjectRequest> = {}) =>
    (on: On) =>
      requestProject(on, { ownerId: OWNER, name: 'shop', displayName: 'Shop', ...change }, METADATA);
  const { projectId: id } = await create({ idempotencyKey: 'first' })(basics);
  const change =
    (asked: ProjectChange, { ownerId = OWNER, ifRevision }: { ownerId?: string; ifRevision?: number } = {}) =>
    (on: On) =>
      changeProject(on, { ownerId, projectId: id }, asked, METADATA, ifRevision);
  const upgrade = (on: On) => upgradeOwnProject(on, { ownerId: OWNER, projectId: id }, METADATA);
  const plan = (asked: (on: On) => Promise<unknown>) =>
    planCommand(plans, (on) => asked({ ...basics, ...on }));
  const run = (asked: (on: On) => Promise<unknown>) => asked(basics);
  return { harness, id, room, template, processes, used, create, change, upgrade, plan, run };
}
type Platform = Awaited<ReturnType<typeof platform>>;

const COMMANDS = {
  'create another': ({ create }: Platform) => create({ name: 'other' }),
  'create one of the same name': ({ create }: Platform) => create(),
  'create again by the key': ({ create }: Platform) => create({ idempotencyKey: 'first' }),
  'create something else by the key': ({ create }: Platform) =>
    create({ name: 'other', idempotencyKey: 'first' }),
  pause: ({ change }: Platform) => change({ kind: 'pause' }),
  resume: ({ change }: Platform) => change({ kind: 'resume' }),
  delete: ({ change }: Platform) => change({ kind: 'delete' }),
  undelete: ({ change }: Platform) => change({ kind: 'undelete' }),
  purge: ({ change }: Platform) => change({ kind: 'purge', name: 'shop' }),
  'purge by a wrong name': ({ change }: Platform) => change({ kind: 'purge', name: 'shoe' }),
  'pause what has changed': ({ change }: Platform) => change({ kind: 'pause' }, { ifRevision: 99 }),
  'resume what is somebody else’s': ({ change }: Platform) =>
    change({ kind: 'resume' }, { ownerId: 'own_2' }),
  upgrade: ({ upgrade }: Platform) => upgrade,
} as const;
type Name = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Name[];

/** What happens to the project before somebody asks for a plan. */
const HAPPENINGS = {
  'a turn': async ({ harness, id }: Platform) =>
    void (await turn(freshDependencies(harness), projectHost(harness.world), projectStream(id))),
  'the end': ({ harness, id }: Platform) => runToRest(harness, id),
  'a failure for good': ({ harness, id }: Platform) => {
    const refused = () => new Refused('no');
    return runToRest(harness, id, {
      around: (step, direction, effect) =>
        ['remove-postgrest', 'spawn-postgrest', 'migrate-schema'].includes(step)
          ? (failStep(step, 1, refused).around?.(step, direction, effect) ?? effect())
          : effect(),
    });
  },
  sleep: ({ harness, id }: Platform) =>
    command(harness, id, { kind: 'SleepProject', idleSince: new Date(0) }),
  'a retry': ({ harness, id }: Platform) => command(harness, id, { kind: 'RetryStep' }),
  'a later template': ({ template }: Platform) => void template.latestVersion++,
  'no room': ({ room }: Platform) => void (room.projects = 0),
  'no more for the owner': ({ room }: Platform) => void (room.perOwner = 0),
} as const satisfies Record<string, (on: Platform) => unknown>;
type Happening = keyof typeof HAPPENINGS;

const happening = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(HAPPENINGS) as Happening[])) },
  { weight: 2, arbitrary: fc.constant<Happening>('the end') },
  { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
);

async function letHappen(on: Platform, what: Happening | Name): Promise<void> {
  const done = async () => {
    if (what in HAPPENINGS) await HAPPENINGS[what as Happening](on);
    else await on.run(COMMANDS[what as Name](on));
  };
  await done().catch((error: unknown) => {
    if (!(error instanceof Rejection)) throw error;
  });
}

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof Rejection) return error.code;
      throw error;
    },
  );
const planned = (on: Platform, name: Name) =>
  on.plan(COMMANDS[name](on)).then(
    (plan) => plan,
    (error: unknown) => {
      if (error instanceof Rejection) return error.code;
      throw error;
    },
  );

test('whatever happened before: what is planned is what happens, and a plan changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 10 }),
      fc.constantFrom(...NAMES),
      async (before, name) => {
        const on = await platform();
        for (const what of before) await letHappen(on, what);
        const { store } = on.harness;
        const head = await store.head();
        const plan = await planned(on, name);
        expect(await store.head()).toBe(head);
        const used = await on.used();

        const verdict = await codeOf(on.run(COMMANDS[name](on)));
        if (typeof plan === 'string') {
          expect(verdict).toBe(plan);
          return;
        }
        expect(plan.refusal?.code ?? 'accepted').toBe(verdict);
        const { events } = await store.readAll({ after: head, limit: 100 });
        const asked = events.findLast(({ stream }) => projectOfStream(stream) !== undefined);
        if (!asked) {
          expect(plan).toMatchObject({ process: undefined, steps: [] });
          return;
        }
        const id = projectOfStream(asked.stream) as ProjectId;
        expect(plan.process).toBe((await stateOf(on.harness, id)).run?.process);
        await runToRest(on.harness, id);
        const history = await store.readStream(asked.stream, { from: asked.revision + 1 });
        const table = plan.process ? on.processes[plan.process].steps : [];
        expect(plan.steps.map(({ step }) => table.find((one) => one.name === step)?.records)).toEqual(
          history.map(({ type }) => type),
        );
        expect(plan.connections?.change).toBe(((await on.used()) - used) * PER_PROJECT);
        expect(plan.effects.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 80 },
  );
}, 60_000);

describe('a plan', () => {
  test('tells what a creation takes, and how long its steps usually are', async () => {
    const { plan, create } = await platform();
    expect(await plan(create({ name: 'other' }))).toMatchObject({
      refusal: undefined,
      process: 'provision',
      connections: { change: 7, used: 7, limit: 70 },
      takes: [
        'the name "other"',
        'a database',
        'its logins to PostgreSQL',
        'an entry in the connection pooler',
        'a REST API, with a port of its own',
      ],
      frees: [],
    });
  });

  test('of a deletion says until when it can be taken back, and of a purge that it cannot', async () => {
    const { harness, id, plan, run, change } = await platform();
    await runToRest(harness, id);
    const deletion = await plan(change({ kind: 'delete' }));
    expect(deletion.connections?.change).toBe(-7);
    expect(deletion.frees).toEqual([
      'an entry in the connection pooler',
      'a REST API, with a port of its own',
    ]);
    expect(deletion.effects.join()).toContain('2030-01-08');
    await run(change({ kind: 'delete' }));
    await runToRest(harness, id);
    const purge = await plan(change({ kind: 'purge', name: 'shop' }));
    expect(purge.frees).toEqual([
      'a database',
      'its logins to PostgreSQL',
      'the room that its files take',
      'the name "shop"',
    ]);
    expect(purge.cannotBeUndone.join()).toContain('gone for good');
  });

  test('of what never was in service is one of a purge', async () => {
    const { plan, change } = await platform();
    expect(await plan(change({ kind: 'delete' }))).toMatchObject({ process: 'purge' });
  });

  test('takes no turn: nobody waits for those who only look', async () => {
    const turns = { take: () => Promise.reject(new Error('took a turn')) };
    const capacity = () => Promise.resolve({ max: 100, reserved: 0, perProject: 7, used: 0 });
    const admissions = new Admissions({ turns, capacity });
    await expect(
      admissions.look(
        () => Promise.resolve({ place: 'main' }),
        () => Promise.resolve('seen'),
      ),
    ).resolves.toBe('seen');
  });
});

test('every step of every process has words of its own', () => {
  const steps = Object.values(projectHost(makeHarness().world).processes).flatMap((one) => one.steps);
  for (const { name, text } of steps)
    expect([name, text]).toEqual([name, expect.stringMatching(/^[A-Z].{8,}[^.]$/)]);
  const words = new Map(steps.map(({ name, text }) => [name, text]));
  expect(new Set(words.values()).size).toBe(words.size);
});
