import { expect, test, vi } from 'vitest';
import { POOLER_DRIFT_STREAM } from '../../domain/platform/pooler-drift.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { newProject } from '../ports/databases.contract.ts';
import {
  command,
  everything,
  issued,
  makeHarness,
  reachable,
  request,
  runToRest,
  secrets,
  standing,
  stateOf,
  type Harness,
} from '../testing/project-harness.ts';
import { dataApiOf } from '../desired/desired-project.ts';
import { ProjectReconciler, type Standing } from './keep-projects-reachable.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function desired(harness: Harness, ids: readonly ProjectId[]): Promise<Standing[]> {
  const projects = await Promise.all(ids.map((id) => stateOf(harness, id)));
  return projects.map(({ id, resources: { pool, postgrest }, ...project }) => {
    const { server, secrets, previousKeys, signingKeys, dataApi, limits, fill, templateVersion } = project;
    const wanted = { server, secrets, previousKeys, signingKeys, dataApi, limits, fill, templateVersion };
    return { projectId: id, ...wanted, pool, postgrest };
  });
}

/** @param before another project, looked at first */
async function active(before?: ProjectId) {
  const harness = makeHarness();
  const id = newProject();
  const ids = before ? [before, id] : [id];
  for (const [at, one] of ids.entries()) {
    await command(harness, one, request(one, `shop-${at}`));
    await runToRest(harness, one);
  }
  /** of what could not be done */
  const told: unknown[][] = [];
  const warn = ({ project, err }: { project?: unknown; err?: unknown }, what: string) => {
    if (err) told.push([project, what]);
  };
  const reconciler = new ProjectReconciler({
    ...harness,
    log: { ...quiet, warn },
    desired: () => desired(harness, ids),
  });
  const drift = async () =>
    (await harness.store.readStream(projectStream(id)))
      .filter(({ type }) => type.startsWith('Drift'))
      .map(({ type, data }) => ({ type, ...(data as { what: string; actual?: string }) }));
  return { harness, id, reconciler, drift, told };
}

test('E70 nothing differs: nothing is done and nothing is recorded', async () => {
  const { harness, reconciler, drift } = await active();
  const head = await harness.store.head();
  await reconciler.look();
  expect(await drift()).toEqual([]);
  expect(await harness.store.head()).toBe(head);
});

test('E70 what is missing is found, recorded and brought back', async () => {
  const { harness, id, reconciler, drift } = await active();
  await harness.pools.unregister(id);
  await harness.dataApis.remove(id);
  await reconciler.look();
  expect(await standing(harness)).toEqual(everything);
  expect(await drift()).toEqual([
    { type: 'DriftDetected', what: 'pool', expected: 'registered', actual: 'absent' },
    { type: 'DriftDetected', what: 'data-api', expected: 'running', actual: 'absent' },
    { type: 'DriftRepaired', what: 'pool' },
    { type: 'DriftRepaired', what: 'data-api' },
  ]);
});

test('E70 logins that are lost or changed, and a database that was closed, are put right', async () => {
  const { harness, id, reconciler, drift } = await active();
  await harness.databases.removeUsers(id);
  await reconciler.look();
  harness.databases.users.set(id, 'a verifier of somebody else');
  await reconciler.look();
  await harness.databases.refuseConnections(id);
  await reconciler.look();
  expect(await standing(harness)).toEqual(everything);
  expect(harness.databases.databases.get(id)).toEqual({ open: true });
  expect((await drift()).map(({ type, what, actual }) => [type, what, actual])).toEqual([
    ['DriftDetected', 'users', 'absent'],
    ['DriftRepaired', 'users', undefined],
    ['DriftDetected', 'users', 'different'],
    ['DriftRepaired', 'users', undefined],
    ['DriftDetected', 'database', 'closed'],
    ['DriftRepaired', 'database', undefined],
  ]);
});

test('E70 a database that is lost is said to be lost, and nothing is made in its place', async () => {
  const { harness, id, reconciler, drift } = await active();
  await harness.databases.dropDatabase(id);
  await reconciler.look();
  await reconciler.look();
  expect((await drift()).map(({ type, what }) => [type, what])).toEqual([['DriftDetected', 'database']]);
  expect(harness.databases.databases.size).toBe(0);
});

test('E70 what runs with another configuration is put right', async () => {
  const { harness, id, reconciler, drift } = await active();
  const wanted = dataApiOf(harness.world, await stateOf(harness, id));
  await harness.dataApis.ensure({ ...wanted, jwtSecrets: ['somebody else knows this one'] });
  await reconciler.look();
  expect(harness.dataApis.running.get(id)).toEqual(wanted);
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected', 'DriftRepaired']);
});

test('E70 one that ended by itself is recorded at once, also when it is back by then', async () => {
  const { harness, id, reconciler, drift } = await active();
  reconciler.start();
  harness.dataApis.kill(id);
  await reconciler.check(id);
  expect(await standing(harness)).toEqual(everything);
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected', 'DriftRepaired']);
  await reconciler.stop();
});

test('E70 a pool entry that was taken out by hand is recorded at once, also when it is back by then', async () => {
  const { harness, id, reconciler, drift } = await active();
  reconciler.start();
  harness.pools.disturb(id);
  await reconciler.check(id);
  expect(await standing(harness)).toEqual(everything);
  expect(await drift()).toEqual([
    { type: 'DriftDetected', what: 'pool', expected: 'registered', actual: 'absent' },
    { type: 'DriftRepaired', what: 'pool' },
  ]);
  await reconciler.stop();
});

test('E70 what befalls the pooler’s own settings stands in a stream of the platform’s', async () => {
  const { harness, reconciler } = await active();
  reconciler.start();
  harness.pools.disturb(undefined);
  const told = async () =>
    (await harness.store.readStream(POOLER_DRIFT_STREAM)).map(({ type, data }) => ({ type, data }));
  await vi.waitFor(
    async () =>
      expect(await told()).toEqual([
        { type: 'DriftDetected', data: { what: 'pgbouncer.ini', expected: 'as written', actual: 'absent' } },
        { type: 'DriftRepaired', data: { what: 'pgbouncer.ini' } },
      ]),
    { timeout: 30_000 },
  );
  await reconciler.stop();
});

test('E70 what nobody wants any more goes, and what no project owns as well', async () => {
  const { harness, id, reconciler, drift } = await active();
  await command(harness, id, { kind: 'PauseProject' });
  const wanted = dataApiOf(harness.world, await stateOf(harness, id));
  await runToRest(harness, id);
  await harness.dataApis.ensure(wanted);
  await harness.dataApis.ensure({ ...wanted, project: newProject() });
  await reconciler.look();
  expect(await standing(harness)).toMatchObject({ dataApis: 0, pools: 0 });
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected', 'DriftRepaired']);
});

test('the REST API of a sleeping project is not started, and ended when somebody did start it', async () => {
  const { harness, id, reconciler, drift } = await active();
  const wanted = dataApiOf(harness.world, await stateOf(harness, id));
  await command(harness, id, { kind: 'SleepProject', idleSince: new Date(0) });
  await runToRest(harness, id);
  await reconciler.look();
  expect(await drift()).toEqual([]);
  await harness.dataApis.ensure(wanted);
  await harness.pools.unregister(id);
  await reconciler.look();
  expect(await standing(harness)).toEqual(reachable);
  expect((await drift()).map(({ type, what }) => [type, what])).toEqual([
    ['DriftDetected', 'pool'],
    ['DriftDetected', 'data-api'],
    ['DriftRepaired', 'pool'],
    ['DriftRepaired', 'data-api'],
  ]);
});

test('one that is being upgraded serves meanwhile: what is missing of it is brought back', async () => {
  const { harness, id, reconciler } = await active();
  await command(harness, id, { kind: 'UpgradeProject', version: 2 });
  await harness.dataApis.remove(id);
  await reconciler.look();
  expect(await standing(harness)).toEqual(everything);
  expect(await runToRest(harness, id)).toMatchObject({ status: 'active', templateVersion: 2, drift: [] });
});

test('a project that a process is at work on is left to it', async () => {
  const { harness, id, reconciler, drift } = await active();
  await command(harness, id, { kind: 'PauseProject' });
  await harness.dataApis.remove(id);
  await reconciler.look();
  expect(await standing(harness)).toMatchObject({ dataApis: 0 });
  expect(await drift()).toEqual([]);
});

test('a repair that fails is tried again by the next look, and drift is recorded once', async () => {
  const { harness, id, reconciler, drift } = await active();
  await harness.dataApis.remove(id);
  const ensure = harness.dataApis.ensure.bind(harness.dataApis);
  harness.dataApis.ensure = () => Promise.reject(new Error('not now'));
  await reconciler.look();
  await reconciler.look();
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected']);
  expect((await stateOf(harness, id)).drift).toEqual(['data-api']);
  harness.dataApis.ensure = ensure;
  await reconciler.look();
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected', 'DriftRepaired']);
  expect(await standing(harness)).toEqual(everything);
});

test("a project that cannot be looked at is no other project's affair", async () => {
  const broken = newProject();
  const { harness, id, reconciler, told } = await active(broken);
  const state = harness.databases.state.bind(harness.databases);
  harness.databases.state = (project, ...rest) =>
    project === broken ? Promise.reject(new Error('cannot say')) : state(project, ...rest);
  await harness.pools.unregister(id);
  await harness.dataApis.remove(id);
  expect(await reconciler.look()).toEqual([broken, id]);
  expect(await standing(harness)).toMatchObject({ pools: 2, dataApis: 2 });
  expect(told).toEqual([
    [broken, 'could not look at a project'],
    [broken, 'a project could not be brought back'],
  ]);
});

test('a look at all asks one question for the databases of many', async () => {
  const { harness, id, reconciler } = await active(newProject());
  const questions: (readonly ProjectId[])[] = [];
  const states = harness.databases.states.bind(harness.databases);
  harness.databases.states = (wanted) => {
    questions.push(wanted.map(({ project }) => project));
    return states(wanted);
  };
  expect(await reconciler.look()).toEqual([]);
  expect(questions).toEqual([expect.arrayContaining([id])]);
  expect(questions[0]).toHaveLength(2);
});

test('when nothing can be told of the databases every project is looked at alone', async () => {
  const { harness, id, reconciler, told, drift } = await active();
  harness.databases.states = () => Promise.reject(new Error('too slow'));
  expect(await reconciler.look()).toEqual([id]);
  expect(told.map(([, text]) => text)).toEqual([
    'could not look at databases',
    'could not look at a project',
  ]);
  expect(await drift()).toEqual([]);
  await harness.databases.refuseConnections(id);
  await reconciler.look();
  expect((await drift()).map(({ type }) => type)).toEqual(['DriftDetected', 'DriftRepaired']);
});

test('what changed while it was looked at is left to the process of that change', async () => {
  const { harness, id, reconciler, drift } = await active();
  const state = harness.databases.state.bind(harness.databases);
  const owner = { password: 'new', verifier: 'the new verifier' };
  const rotated = { ...issued, logins: { ...issued.logins, owner } };
  let looks = 0;
  // between the look at the project and the look at the world, its password is rotated and put in force
  harness.databases.state = async (project, logins, bounds) => {
    if (looks++ === 0) {
      const sealed = secrets.seal(id, rotated);
      await command(harness, id, { kind: 'RotateDatabasePassword', secrets: sealed });
      await runToRest(harness, id);
    }
    return state(project, logins, bounds);
  };
  const made: string[] = [];
  const ensureUsers = harness.databases.ensureUsers.bind(harness.databases);
  harness.databases.ensureUsers = (project, logins, bounds) => {
    made.push(logins.owner.verifier);
    return ensureUsers(project, logins, bounds);
  };
  await reconciler.check(id);
  expect(made).toEqual(['the new verifier']);
  expect(await drift()).toEqual([]);
});
