import { describe, expect, test } from 'vitest';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import { newProject } from '../ports/databases.contract.ts';
import {
  command,
  crashOnce,
  failStep,
  MOMENTS,
  repeatEveryEffect,
  runToRest,
  turnDependencies,
  type Disturbance,
} from './process-properties.ts';
import {
  dataOnly,
  everything,
  issued,
  makeHarness,
  nothing,
  reachable,
  request,
  secrets,
  standing,
} from './process-harness.ts';
import { turn } from './process.ts';
import { allProcesses } from './processes.ts';

const sleep = (): ProjectCommand => ({ kind: 'SleepProject', idleSince: new Date(0) });
const upgrade = (): ProjectCommand => ({ kind: 'UpgradeProject', version: 2 });
const deletion: ProjectCommand = { kind: 'DeleteProject', purgeAfter: new Date(0) };

/** Each process: how to get there, what starts it, and how the world looks when it has ended. */
const processes = [
  { name: 'provision', before: [], start: request, ends: 'active', leaves: everything },
  {
    name: 'pause',
    before: [request],
    start: () => ({ kind: 'PauseProject' }),
    ends: 'paused',
    leaves: dataOnly,
  },
  {
    name: 'resume',
    before: [request, () => ({ kind: 'PauseProject' })],
    start: () => ({ kind: 'ResumeProject' }),
    ends: 'active',
    leaves: everything,
  },
  { name: 'sleep', before: [request], start: sleep, ends: 'sleeping', leaves: reachable },
  {
    name: 'wake',
    before: [request, sleep],
    start: () => ({ kind: 'WakeProject' }),
    ends: 'active',
    leaves: everything,
  },
  { name: 'delete', before: [request], start: () => deletion, ends: 'deleted', leaves: dataOnly },
  {
    name: 'undelete',
    before: [request, () => deletion],
    start: () => ({ kind: 'UndeleteProject' }),
    ends: 'active',
    leaves: everything,
  },
  {
    name: 'apply-limits',
    before: [request],
    start: () => ({
      kind: 'ReportDatabaseSize',
      seen: { bytes: 2 ** 30, rewriting: false },
      platformSizeMb: 1,
    }),
    ends: 'active',
    leaves: everything,
  },
  {
    name: 'purge',
    before: [request],
    start: () => ({ kind: 'PurgeProject' }),
    ends: 'purged',
    leaves: nothing,
  },
  { name: 'upgrade', before: [request], start: upgrade, ends: 'active', leaves: everything },
] as const satisfies readonly {
  name: string;
  before: readonly ((id: ProjectId) => ProjectCommand)[];
  start: (id: ProjectId) => ProjectCommand;
  ends: string;
  leaves: typeof everything;
}[];

async function play(process: (typeof processes)[number], disturbance: Disturbance = {}) {
  const harness = makeHarness();
  const id = newProject();
  for (const before of process.before) {
    await command(harness, id, before(id));
    await runToRest(harness, id);
  }
  await command(harness, id, process.start(id));
  const project = await runToRest(harness, id, disturbance);
  const history = await harness.store.readStream(projectStream(id));
  return { harness, id, project, types: history.map(({ type }) => type), standing: await standing(harness) };
}

const tables = allProcesses(makeHarness().world);
const rows = processes.flatMap((process) =>
  tables[process.name].steps.map((step) => ({ process, step: step.name })),
);

describe('every process', () => {
  test.each(rows.flatMap((row) => MOMENTS.map((moment) => ({ ...row, moment, name: row.process.name }))))(
    'E52-57 $name crashed at $step, $moment, ends as if nothing had happened',
    async ({ process, step, moment }) => {
      const crash = crashOnce({ step, direction: 'do', moment });
      const { project, types, standing } = await play(process, crash);
      expect(crash.crashed()).toBe(true);
      const undisturbed = await play(process);
      expect(project.status).toBe(process.ends);
      expect(standing).toEqual(process.leaves);
      // a crash in a step may cost a try that failed, never another fact
      expect(types.filter((type) => type !== 'StepFailed')).toEqual(undisturbed.types);
    },
  );

  test.each(rows.map((row) => ({ ...row, name: row.process.name })))(
    'E62 $name: $step fails twice and then succeeds',
    async ({ process, step }) => {
      const { project, types, standing } = await play(process, failStep(step, 2));
      expect(project.status).toBe(process.ends);
      expect(standing).toEqual(process.leaves);
      expect(types.filter((type) => type === 'StepFailed')).toHaveLength(2);
    },
  );

  test.each(processes)('$name with every effect done twice', async (process) => {
    const { project, standing } = await play(process, repeatEveryEffect);
    expect(project.status).toBe(process.ends);
    expect(standing).toEqual(process.leaves);
  });
});

test('a pause between two tries is no longer for a clock that was set back meanwhile', async () => {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  const dependencies = turnDependencies(harness, failStep('create-database', 1));
  expect(await turn(dependencies, id)).toEqual({ kind: 'progressed' });
  expect(await turn(dependencies, id)).toMatchObject({ kind: 'waiting' });
  harness.clock.set(-100_000);
  expect(await turn(dependencies, id)).toEqual({ kind: 'progressed' });
});

describe('a provision that cannot succeed', () => {
  const provision = processes[0];
  const steps = tables.provision.steps.map(({ name }) => name);

  test.each(steps)('E63 undoes everything when %s gives up', async (step) => {
    const { project, types, standing } = await play(provision, failStep(step, 99));
    expect(project).toMatchObject({ status: 'failed', run: null });
    expect(standing).toEqual(nothing);
    expect(types.at(-1)).toBe('ProvisioningFailed');
    // upward: what was done last goes first
    const undone = types.filter((type) => /Dropped|Removed|Unregistered/.test(type));
    const order = ['PostgrestRemoved', 'PoolUnregistered', 'DatabaseUsersRemoved', 'DatabaseDropped'];
    expect(undone).toEqual(order.slice(order.length - undone.length));
  });

  test('an error that will not go away is not tried again', async () => {
    const disturbance = failStep('migrate-schema', 99, () => new Refused('a changed checksum'));
    const { types, project } = await play(provision, disturbance);
    expect(types.filter((type) => type === 'StepFailed')).toHaveLength(1);
    expect(project.status).toBe('failed');
  });

  test.each(
    tables.provision.steps.flatMap(({ name, undo }) =>
      undo ? MOMENTS.map((moment) => ({ step: name, moment })) : [],
    ),
  )('crashed in the undo of $step, $moment, leaves nothing', async ({ step, moment }) => {
    const crash = crashOnce({ step, direction: 'undo', moment });
    const fail = failStep('verify-data-api', 99);
    const { project, standing } = await play(provision, { ...fail, ...crash });
    expect(crash.crashed()).toBe(true);
    expect(project.status).toBe('failed');
    expect(standing).toEqual(nothing);
  });

  test('E66 an undo that fails suspends the project, and an operator can have it tried again', async () => {
    let broken = true;
    const disturbance: Disturbance = {
      around(step, direction, effect) {
        const fails = direction === 'do' ? step === 'verify-data-api' : broken && step === 'register-pool';
        return fails ? Promise.reject(new Refused('no')) : effect();
      },
    };
    const { harness, id, project } = await play(provision, disturbance);
    expect(project.status).toBe('suspended');
    broken = false;
    await command(harness, id, { kind: 'RetryStep' });
    expect((await runToRest(harness, id, disturbance)).status).toBe('failed');
    expect(await standing(harness)).toEqual(nothing);
  });
});

describe('a sleeping project', () => {
  test('stays awake for whoever is being served', async () => {
    const { harness, id } = await play(processes[0]);
    harness.dataApis.inUse.add(id);
    await command(harness, id, sleep());
    expect(await runToRest(harness, id)).toMatchObject({ status: 'active', run: null });
    expect(await standing(harness)).toEqual(everything);
  });

  test('is woken with the keys, the password and the settings that it got while it slept', async () => {
    const { harness, id } = await play(processes.find(({ name }) => name === 'sleep') ?? processes[0]);
    const next = await secrets.issue();
    const dataApi = { maxRows: 7, schemas: ['public'] };
    const overlapUntil = new Date(Date.UTC(2031, 0, 1));
    const changes: readonly ProjectCommand[] = [
      { kind: 'RotateJwtSecret', secrets: secrets.seal(id, { ...issued, ...next }), overlapUntil },
      { kind: 'RotateDatabasePassword', secrets: secrets.seal(id, { ...issued, ...next }) },
      { kind: 'ChangeDataApiSettings', dataApi },
    ];
    for (const change of changes) {
      await command(harness, id, change);
      expect(await runToRest(harness, id)).toMatchObject({ status: 'sleeping', run: null });
      expect(await standing(harness)).toEqual(reachable);
    }
    expect(harness.databases.users.get(id)).toContain(next.logins.owner.verifier);
    await command(harness, id, { kind: 'WakeProject' });
    expect((await runToRest(harness, id)).status).toBe('active');
    const jwtSecrets = [next.jwtSecret, issued.jwtSecret];
    expect(harness.dataApis.running.get(id)).toMatchObject({ jwtSecrets, settings: dataApi });
  });

  test.each(['retire-postgrest', 'conclude-sleep'])('is woken in the middle of %s', async (name) => {
    const { harness, id } = await play(processes[0]);
    await command(harness, id, sleep());
    let asked = false;
    const project = await runToRest(harness, id, {
      async around(step, _direction, effect) {
        const result = await effect();
        if (step === name && !asked) {
          asked = true;
          await command(harness, id, { kind: 'WakeProject' });
        }
        return result;
      },
    });
    expect(asked).toBe(true);
    expect(project.status).toBe('active');
    expect(await standing(harness)).toEqual(everything);
  });

  test.each([
    { what: 'paused', asked: { kind: 'PauseProject' }, leaves: dataOnly },
    { what: 'deleted', asked: deletion, leaves: dataOnly },
    { what: 'purged', asked: { kind: 'PurgeProject' }, leaves: nothing },
  ] as const)('is $what like one that is awake', async ({ what, asked, leaves }) => {
    const { harness, id } = await play(processes.find(({ name }) => name === 'sleep') ?? processes[0]);
    await command(harness, id, asked);
    expect((await runToRest(harness, id)).status).toBe(what);
    expect(await standing(harness)).toEqual(leaves);
  });
});

describe('an upgrade', () => {
  const play2 = (disturbance: Disturbance = {}) =>
    play(processes.find(({ name }) => name === 'upgrade') ?? processes[0], disturbance);

  test('changes the version and nothing that stands', async () => {
    const { project, types } = await play2();
    expect(project).toMatchObject({ templateVersion: 2, upgrade: null });
    expect(types.slice(-5)).toEqual([
      'ProjectUpgradeRequested',
      'DatabaseUsersCreated',
      'PoolRegistered',
      'SchemaMigrated',
      'ProjectUpgraded',
    ]);
  });

  test.each(tables.upgrade.steps.map(({ name }) => name))(
    'that gives up at %s leaves a project that serves on, and can be asked for again',
    async (step) => {
      const { harness, id, project, standing: left, types } = await play2(failStep(step, 99));
      expect(project).toMatchObject({ status: 'active', run: null, upgrade: { failure: { step } } });
      expect(left).toEqual(everything);
      expect(types).not.toContain('ProjectSuspended');
      expect(types.at(-1)).toBe('ProjectUpgradeFailed');
      if (step === 'conclude-upgrade') return;
      expect(project.templateVersion).toBe(1);
      await command(harness, id, upgrade());
      expect(await runToRest(harness, id)).toMatchObject({ templateVersion: 2, upgrade: null });
    },
  );

  test.each([
    ['paused', { kind: 'PauseProject' }, dataOnly],
    ['deleted', deletion, dataOnly],
    ['purged', { kind: 'PurgeProject' }, nothing],
  ] as const)('gives way to whoever wants the project %s', async (status, asked, leaves) => {
    const { harness, id } = await play(processes[0]);
    await command(harness, id, upgrade());
    let once = false;
    const project = await runToRest(harness, id, {
      async around(_step, _direction, effect) {
        const result = await effect();
        if (!once) await command(harness, id, asked);
        once = true;
        return result;
      },
    });
    expect(project).toMatchObject({ status, templateVersion: 1 });
    expect(await standing(harness)).toEqual(leaves);
  });
});

describe('turns', () => {
  test('E64 a step that waited beyond its deadline gives up, however few tries it had', async () => {
    const harness = makeHarness();
    const id = newProject();
    await command(harness, id, request(id));
    const disturbance: Disturbance = {
      around(step, direction, effect) {
        if (step !== 'register-pool' || direction === 'undo') return effect();
        harness.clock.jumpTo(new Date(harness.clock.now().getTime() + 2_000_000));
        return failStep(step, 99).around?.(step, 'do', effect) ?? effect();
      },
    };
    await runToRest(harness, id, disturbance);
    const history = await harness.store.readStream(projectStream(id));
    expect(history.filter(({ type }) => type === 'StepFailed')).toHaveLength(1);
  });

  test('E65 a deletion in the middle of provisioning leaves nothing', async () => {
    for (const { name } of tables.provision.steps) {
      const harness = makeHarness();
      const id = newProject();
      await command(harness, id, request(id));
      let asked = false;
      const project = await runToRest(harness, id, {
        async around(step, _direction, effect) {
          const result = await effect();
          if (step === name && !asked) {
            asked = true;
            await command(harness, id, deletion);
          }
          return result;
        },
      });
      expect(project.status).toBe('purged');
      expect(await standing(harness)).toEqual(nothing);
    }
  });

  test('E61 a late success of an older turn changes nothing', async () => {
    const harness = makeHarness();
    const id = newProject();
    await command(harness, id, request(id));
    let twin = false;
    const project = await runToRest(harness, id, {
      async around(step, _direction, effect) {
        // while this turn is in its effect, another worker does all of it
        if (step === 'create-database' && !twin) {
          twin = true;
          await runToRest(harness, id);
        }
        return effect();
      },
    });
    expect(project.status).toBe('active');
    const types = (await harness.store.readStream(projectStream(id))).map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
  });

  test('E59 a project that does not exist, or has nothing under way, is left alone', async () => {
    const harness = makeHarness();
    await expect(runToRest(harness, newProject())).rejects.toThrow('no such project');
    const { harness: done, id } = await play(processes[0]);
    const before = await done.store.head();
    await runToRest(done, id);
    expect(await done.store.head()).toBe(before);
  });

  test('events of a process name the request that they come from', async () => {
    const { harness, id } = await play(processes[0]);
    const history = await harness.store.readStream(projectStream(id));
    expect(new Set(history.map(({ metadata }) => metadata.correlationId))).toEqual(new Set(['test']));
    expect(history.slice(1).map(({ metadata }) => metadata.causationId)).toEqual(
      history.slice(0, -1).map((e) => e.id),
    );
  });

  test('E71 no secret is in an event', async () => {
    const { harness, id } = await play(processes[0]);
    const text = JSON.stringify(await harness.store.readStream(projectStream(id)), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    for (const secret of [
      issued.jwtSecret,
      issued.logins.owner.password,
      issued.logins.authenticator.password,
      issued.logins.owner.verifier,
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});
