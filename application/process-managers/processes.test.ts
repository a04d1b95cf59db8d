import { describe, expect, test } from 'vitest';
import type { ProcessName } from '../../domain/project/events.ts';
import { rulesOf } from '../../domain/project/project-processes.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Refused, Unavailable } from '../errors.ts';
import { newProject } from '../ports/databases.contract.ts';
import {
  crashOnce,
  disturbed,
  everyProcess,
  failStep,
  freshDependencies,
  MOMENTS,
  type Scenario,
  type Disturbance,
} from '../testing/process-properties.ts';
import { turn } from '../process-engine/turn.ts';
import {
  command,
  dataOnly,
  everything,
  issued,
  makeHarness,
  nothing,
  reachable,
  request,
  requestSpare,
  runToRest,
  secrets,
  signingKeys,
  standing,
  stateOf,
} from '../testing/project-harness.ts';
import { projectHost } from './processes.ts';

const sleep = (): ProjectCommand => ({ kind: 'SleepProject', idleSince: new Date(0) });
const upgrade = (): ProjectCommand => ({ kind: 'UpgradeProject', version: 2 });
const deletion: ProjectCommand = { kind: 'DeleteProject', purgeAfter: new Date(0) };

const pause: ProjectCommand = { kind: 'PauseProject' };
const nextPassword = await secrets.issue();

/** Each process: how to get there, what starts it, and how the world looks when it has ended. */
const processes = {
  provision: { before: [], start: request, ends: 'active', leaves: everything },
  pause: { before: [request], start: () => pause, ends: 'paused', leaves: dataOnly },
  resume: {
    before: [request, () => pause],
    start: () => ({ kind: 'ResumeProject' }),
    ends: 'active',
    leaves: everything,
  },
  sleep: { before: [request], start: sleep, ends: 'sleeping', leaves: reachable },
  wake: {
    before: [request, sleep],
    start: () => ({ kind: 'WakeProject' }),
    ends: 'active',
    leaves: everything,
  },
  delete: { before: [request], start: () => deletion, ends: 'deleted', leaves: dataOnly },
  undelete: {
    before: [request, () => deletion],
    start: () => ({ kind: 'UndeleteProject' }),
    ends: 'active',
    leaves: everything,
  },
  purge: { before: [request], start: () => ({ kind: 'PurgeProject' }), ends: 'purged', leaves: nothing },
  'apply-settings': {
    before: [request],
    start: () => ({ kind: 'ChangeDataApiSettings', dataApi: { maxRows: 7 } }),
    ends: 'active',
    leaves: everything,
  },
  'change-password': {
    before: [request],
    start: (id) => ({
      kind: 'RotateDatabasePassword',
      secrets: secrets.seal(id, {
        ...issued,
        logins: { ...issued.logins, owner: nextPassword.logins.owner },
      }),
    }),
    ends: 'active',
    leaves: everything,
  },
  'apply-limits': {
    before: [request],
    start: () => ({
      kind: 'ReportDatabaseSize',
      seen: { bytes: 2 ** 30, rewriting: false },
      platformSizeMb: 1,
    }),
    ends: 'active',
    leaves: everything,
  },
  upgrade: { before: [request], start: upgrade, ends: 'active', leaves: everything },
  'prepare-spare': { before: [], start: requestSpare, ends: 'spare', leaves: everything },
  'give-up-spare': {
    before: [requestSpare],
    start: () => ({ kind: 'GiveUpSpare', because: 'age' }),
    ends: 'purged',
    leaves: nothing,
  },
} as const satisfies Readonly<
  Record<
    ProcessName,
    {
      before: readonly ((id: ProjectId) => ProjectCommand)[];
      start: (id: ProjectId) => ProjectCommand;
      ends: string;
      leaves: typeof everything;
    }
  >
>;
const names = Object.keys(processes) as ProcessName[];
const { processes: tables } = projectHost(makeHarness().world);

async function run(name: ProcessName, disturbance: Disturbance = {}) {
  const { before, start } = processes[name];
  const harness = makeHarness();
  const id = newProject();
  for (const earlier of before) {
    await command(harness, id, earlier(id));
    await runToRest(harness, id);
  }
  await command(harness, id, start(id));
  await runToRest(harness, id, disturbance);
  return { harness, id, stream: projectStream(id) };
}

async function play(name: ProcessName, disturbance: Disturbance = {}) {
  const { harness, id, stream } = await run(name, disturbance);
  const history = await harness.store.readStream(stream);
  const types = history.map(({ type }) => type);
  return { harness, id, project: await stateOf(harness, id), types, standing: await standing(harness) };
}

/** also what the REST API and the logins were made with */
async function lookAt({ harness, id }: Awaited<ReturnType<typeof run>>) {
  const api = harness.dataApis.running.get(id);
  return {
    status: (await stateOf(harness, id)).status,
    run: (await stateOf(harness, id)).run,
    standing: await standing(harness),
    maxRows: api?.settings.maxRows ?? null,
    writes: api?.writes ?? null,
    newPassword: harness.databases.users.get(id)?.includes(nextPassword.logins.owner.verifier) ?? null,
  };
}

function endOf(name: ProcessName) {
  const { ends, leaves } = processes[name];
  return {
    status: ends,
    run: null,
    standing: leaves,
    maxRows: leaves.dataApis === 0 ? null : name === 'apply-settings' ? 7 : 1000,
    writes: leaves.dataApis === 0 ? null : 'all',
    newPassword: leaves.users === 0 ? null : name === 'change-password',
  };
}

const GIVES_UP_AS: Readonly<Partial<Record<ProcessName, string>>> = {
  provision: 'ProvisioningFailed',
  upgrade: 'ProjectUpgradeFailed',
  'prepare-spare': 'SpareLost',
};

const scenarioOf = (name: ProcessName): Scenario<Awaited<ReturnType<typeof run>>> => ({
  play: (disturbance) => run(name, disturbance),
  look: lookAt,
  ends: endOf(name),
  givesUpAs: GIVES_UP_AS[name] ?? 'ProjectSuspended',
});

everyProcess(tables, {
  provision: scenarioOf('provision'),
  pause: scenarioOf('pause'),
  resume: scenarioOf('resume'),
  sleep: scenarioOf('sleep'),
  wake: scenarioOf('wake'),
  delete: scenarioOf('delete'),
  undelete: scenarioOf('undelete'),
  purge: scenarioOf('purge'),
  'apply-settings': scenarioOf('apply-settings'),
  'change-password': scenarioOf('change-password'),
  'apply-limits': scenarioOf('apply-limits'),
  upgrade: scenarioOf('upgrade'),
  'prepare-spare': scenarioOf('prepare-spare'),
  'give-up-spare': scenarioOf('give-up-spare'),
});

test('every process is begun by something, and nothing begins two', () => {
  const starts = names.flatMap((name) => rulesOf(name).startedBy);
  expect(names.filter((name) => rulesOf(name).startedBy.length === 0)).toEqual([]);
  expect(new Set(starts).size).toBe(starts.length);
});

test('a pause between two tries is no longer for a clock that was set back meanwhile', async () => {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  const host = disturbed(projectHost(harness.world), failStep('create-database', 1).around);
  const dependencies = freshDependencies(harness);
  const next = () => turn(dependencies, host, projectStream(id));
  expect(await next()).toEqual({ kind: 'progressed' });
  expect(await next()).toMatchObject({ kind: 'waiting' });
  harness.clock.set(-100_000);
  expect(await next()).toEqual({ kind: 'progressed' });
});

describe('a provision that cannot succeed', () => {
  const steps = tables.provision.steps.map(({ name }) => name);

  test.each(steps)('E63 undoes everything when %s gives up', async (step) => {
    const { project, types, standing } = await play('provision', failStep(step, 99));
    expect(project).toMatchObject({ status: 'failed', run: null });
    expect(standing).toEqual(nothing);
    expect(types.at(-1)).toBe('ProvisioningFailed');
    // upward: what was done last goes first
    const undone = types.filter((type) => /Dropped|Removed|Unregistered/.test(type));
    const order = ['PostgrestRemoved', 'DatabaseUsersRemoved', 'PoolUnregistered', 'DatabaseDropped'];
    expect(undone).toEqual(order.slice(order.length - undone.length));
  });

  test('an error that will not go away is not tried again', async () => {
    const disturbance = failStep('migrate-schema', 99, () => new Refused('a changed checksum'));
    const { types, project } = await play('provision', disturbance);
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
    const { project, standing } = await play('provision', { ...fail, ...crash });
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
    const { harness, id, project } = await play('provision', disturbance);
    expect(project.status).toBe('suspended');
    broken = false;
    await command(harness, id, { kind: 'RetryStep' });
    expect((await runToRest(harness, id, disturbance)).status).toBe('failed');
    expect(await standing(harness)).toEqual(nothing);
  });
});

describe('a retry by its owner', () => {
  const once = { kind: 'RetryStepOnce', now: new Date(0) } as const;
  const refused = (tries: string[]): Disturbance => ({
    around(step, direction, effect) {
      if (step !== 'remove-postgrest') return effect();
      tries.push(direction);
      return Promise.reject(new Unavailable('stop it'));
    },
  });

  test('of a suspended project is one try, after which it is suspended again, or goes on', async () => {
    const { harness, id } = await play('provision');
    const tries: string[] = [];
    await command(harness, id, { kind: 'PauseProject' });
    expect((await runToRest(harness, id, refused(tries))).status).toBe('suspended');
    const before = tries.length;
    expect(before).toBeGreaterThan(1);
    await command(harness, id, once);
    expect((await runToRest(harness, id, refused(tries))).status).toBe('suspended');
    expect(tries.length).toBe(before + 1);
    await command(harness, id, once);
    expect((await runToRest(harness, id)).status).toBe('paused');
  });
});

describe('a sleeping project', () => {
  test('stays awake for whoever is being served', async () => {
    const { harness, id } = await play('provision');
    harness.dataApis.inUse.add(id);
    await command(harness, id, sleep());
    expect(await runToRest(harness, id)).toMatchObject({ status: 'active', run: null });
    expect(await standing(harness)).toEqual(everything);
  });

  test('is woken with the keys, the password and the settings that it got while it slept', async () => {
    const { harness, id } = await play('sleep');
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
    const { harness, id } = await play('provision');
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
    const { harness, id } = await play('sleep');
    await command(harness, id, asked);
    expect((await runToRest(harness, id)).status).toBe(what);
    expect(await standing(harness)).toEqual(leaves);
  });
});

describe('files of a project', () => {
  const kept = async (harness: ReturnType<typeof makeHarness>, id: ProjectId) =>
    (await harness.files.taken(id, new AbortController().signal)).files;
  const withFiles = async () => {
    const { harness, id } = await play('provision');
    const neighbour = newProject();
    for (const one of [id, neighbour]) for (let at = 0; at < 3; at++) harness.files.put(one, 10);
    return { harness, id, neighbour };
  };

  test('stay while it is paused, asleep or deleted, and are there when it is undeleted', async () => {
    const { harness, id } = await withFiles();
    const ways: readonly ProjectCommand[] = [
      pause,
      { kind: 'ResumeProject' },
      sleep(),
      deletion,
      { kind: 'UndeleteProject' },
    ];
    for (const asked of ways) {
      await command(harness, id, asked);
      await runToRest(harness, id);
      expect([asked.kind, await kept(harness, id)]).toEqual([asked.kind, 3]);
    }
    expect((await stateOf(harness, id)).status).toBe('active');
  });

  test.each(MOMENTS)(
    'are gone when it is purged, and nobody else has lost any; crashed %s',
    async (moment) => {
      const { harness, id, neighbour } = await withFiles();
      await command(harness, id, { kind: 'PurgeProject' });
      const crash = crashOnce({ step: 'remove-files', direction: 'do', moment });
      expect((await runToRest(harness, id, crash)).status).toBe('purged');
      expect(crash.crashed()).toBe(true);
      expect([await kept(harness, id), await kept(harness, neighbour)]).toEqual([0, 3]);
    },
  );

  test('are removed when nothing can be written any more that would name them', () => {
    const order = tables.purge.steps.map(({ name }) => name);
    expect(order.indexOf('remove-files')).toBeGreaterThan(order.indexOf('drop-database'));
  });

  test('that cannot be removed keep it from being purged, and an operator can have it tried again', async () => {
    const { harness, id } = await withFiles();
    await command(harness, id, { kind: 'PurgeProject' });
    const full: Disturbance = {
      around: (step, _direction, effect) =>
        step === 'remove-files' ? Promise.reject(new Unavailable('remove the files')) : effect(),
    };
    expect((await runToRest(harness, id, full)).status).toBe('suspended');
    expect(await kept(harness, id)).toBe(3);
    await command(harness, id, { kind: 'RetryStep' });
    expect((await runToRest(harness, id)).status).toBe('purged');
    expect(await kept(harness, id)).toBe(0);
  });
});

describe("a new key for users' tokens", () => {
  const keyOf = async (id: ProjectId) => {
    const key = await signingKeys.make(id, 'ES256');
    const [now, overlapUntil] = [new Date(0), new Date(Date.UTC(2031, 0, 1))];
    return { kind: 'ChangeSigningKey', key, overlapUntil, now } as const;
  };

  test.each(MOMENTS)('crashed %s, signs only what the REST API can check', async (moment) => {
    const { harness, id } = await play('provision');
    const asked = await keyOf(id);
    const { kid } = asked.key.publicKey;
    await command(harness, id, asked);
    const crash = crashOnce({ step: 'reload-postgrest', direction: 'do', moment });
    const looks: unknown[] = [];
    const look = async () => {
      const known = harness.dataApis.running.get(id)?.publicKeys.map((key) => key.kid);
      looks.push([(await stateOf(harness, id)).signingKeys.signs, known]);
    };
    const project = await runToRest(harness, id, {
      observe: (point) => crash.observe?.(point),
      async around(_step, _direction, effect) {
        await look();
        const result = await effect();
        await look();
        return result;
      },
    });
    expect(crash.crashed()).toBe(true);
    await look();
    expect(project.run).toBeNull();
    expect(looks[0]).toEqual([null, []]);
    expect(looks.at(-1)).toEqual([kid, [kid]]);
    for (const [signs, known] of looks as [string | null, string[]][])
      expect(signs === null || known.includes(signs)).toBe(true);
    const history = JSON.stringify(
      (await harness.store.readStream(projectStream(id))).map(({ data }) => data),
    );
    expect(history).toContain(kid);
    expect(history).not.toContain(signingKeys.open(id, asked.key).jwk['d']);
  });

  test('is in the REST API of one that slept when it was made, once it wakes', async () => {
    const { harness, id } = await play('sleep');
    const asked = await keyOf(id);
    await command(harness, id, asked);
    expect((await runToRest(harness, id)).signingKeys.signs).toBe(asked.key.publicKey.kid);
    await command(harness, id, { kind: 'WakeProject' });
    await runToRest(harness, id);
    expect(harness.dataApis.running.get(id)?.publicKeys).toEqual([asked.key.publicKey]);
  });

  test('leaves the REST API when its overlap is over', async () => {
    const { harness, id } = await play('provision');
    for (const overlapUntil of [new Date(Date.UTC(2031, 0, 1)), new Date(Date.UTC(2032, 0, 1))]) {
      await command(harness, id, { ...(await keyOf(id)), overlapUntil });
      await runToRest(harness, id);
    }
    expect(harness.dataApis.running.get(id)?.publicKeys).toHaveLength(2);
    await command(harness, id, { kind: 'RetireKeys', now: new Date(Date.UTC(2032, 0, 1)) });
    const { signingKeys: left } = await runToRest(harness, id);
    expect(left.held.map(({ publicKey }) => publicKey.kid)).toEqual([left.signs]);
    expect(harness.dataApis.running.get(id)?.publicKeys).toEqual([left.held[0]?.publicKey]);
  });
});

describe('an upgrade', () => {
  const play2 = (disturbance: Disturbance = {}) => play('upgrade', disturbance);

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
    const { harness, id } = await play('provision');
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
    const { harness: done, id } = await play('provision');
    const before = await done.store.head();
    await runToRest(done, id);
    expect(await done.store.head()).toBe(before);
  });

  test('events of a process name the request that they come from', async () => {
    const { harness, id } = await play('provision');
    const history = await harness.store.readStream(projectStream(id));
    expect(new Set(history.map(({ metadata }) => metadata.correlationId))).toEqual(new Set(['test']));
    expect(history.slice(1).map(({ metadata }) => metadata.causationId)).toEqual(
      history.slice(0, -1).map((e) => e.id),
    );
  });

  test('E71 no secret is in an event', async () => {
    const { harness, id } = await play('provision');
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
