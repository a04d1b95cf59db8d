import { expect, test } from 'vitest';
import { boundsOf } from '../../domain/project/limits.ts';
import { projectStream } from '../../domain/project/project-id.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { InMemoryDatabaseSizes } from '../../infrastructure/postgres/in-memory-database-sizes.ts';
import { InMemoryMeasuredSizes } from '../../infrastructure/postgres/in-memory-measured-sizes.ts';
import { InMemoryProjectUsage } from '../../infrastructure/postgres/in-memory-project-usage.ts';
import { newProject } from '../ports/databases.contract.ts';
import { command, makeHarness, request, runToRest, stateOf } from '../testing/project-harness.ts';
import { DatabaseSizeWatch } from './watch-database-sizes.ts';

const MB = 1024 * 1024;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function watched(platformSizeMb = 100, templateVersion = 6) {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, { ...request(id), templateVersion } as ProjectCommand);
  await runToRest(harness, id);
  const sizes = new InMemoryDatabaseSizes();
  const measured = new InMemoryMeasuredSizes();
  const usage = new InMemoryProjectUsage();
  const watch = new DatabaseSizeWatch({
    ...harness,
    log: quiet,
    sizes,
    measured,
    usage,
    served: async () => {
      const { limits, fill } = await stateOf(harness, id);
      return [{ projectId: id, limits, fill }];
    },
    platformSizeMb,
  });
  /** @returns the events since the look before */
  const look = async (megabytes: number) => {
    sizes.seen.set(id, { bytes: megabytes * MB, rewriting: false });
    const before = (await harness.store.readStream(projectStream(id))).length;
    await watch.look();
    const project = await runToRest(harness, id);
    expect(harness.databases.bounds.get(id)).toMatchObject({ readOnly: boundsOf(project).readOnly });
    return (await harness.store.readStream(projectStream(id))).slice(before).map(({ type }) => type);
  };
  return { harness, id, watch, look, measured, usage };
}
const inForce = ['DatabaseUsersBounded', 'ProjectLimitsInForce'];

test('each level is recorded once, put in force, and left again', async () => {
  const { harness, id, look } = await watched();
  expect(await look(50)).toEqual([]);
  expect(await look(85)).toEqual(['DatabaseSizeWarned']);
  expect(await look(90)).toEqual([]);
  expect(await look(101)).toEqual(['DatabaseSizeExceeded', ...inForce]);
  expect(await look(105)).toEqual([]);
  expect(harness.dataApis.running.get(id)?.writes).toBe('deletions');
  expect(await look(205)).toEqual(['DatabaseSizeOverrun', ...inForce]);
  expect(harness.dataApis.running.get(id)?.writes).toBe('none');
  expect(harness.databases.bounds.get(id)?.connections).toBe(0);
  expect(await look(40)).toEqual(['DatabaseSizeBackWithinLimit', 'DatabaseSizeRelaxed', ...inForce]);
  expect(harness.dataApis.running.get(id)?.writes).toBe('all');
  expect(harness.databases.bounds.get(id)?.connections).toBe(30);
  const [first] = (await harness.store.readStream(projectStream(id))).slice(-4);
  expect(first).toMatchObject({
    data: { bytes: 40 * MB, limitBytes: 100 * MB },
    metadata: { actor: { kind: 'process', id: 'watch-database-sizes' } },
  });
});

test('where the REST API has nothing to ask, its logins alone are made read only', async () => {
  const { harness, id, look } = await watched(100, 5);
  expect(await look(101)).toEqual(['DatabaseSizeExceeded', ...inForce]);
  expect(harness.databases.bounds.get(id)?.readOnly).toBe(true);
  expect(harness.dataApis.running.get(id)?.writes).toBe('all');
});

test('one that sleeps is made read only as well, and wakes so', async () => {
  const { harness, id, look } = await watched();
  await command(harness, id, { kind: 'SleepProject', idleSince: new Date(0) });
  await runToRest(harness, id);
  expect(await look(101)).toEqual(['DatabaseSizeExceeded', ...inForce]);
  expect(harness.dataApis.running.has(id)).toBe(false);
  expect((await stateOf(harness, id)).status).toBe('sleeping');
  await command(harness, id, { kind: 'WakeProject' });
  await runToRest(harness, id);
  expect(harness.dataApis.running.get(id)?.writes).toBe('deletions');
});

test('paused and resumed it is what it was; while it is away nothing is recorded', async () => {
  const { harness, id, look } = await watched();
  await look(101);
  await command(harness, id, { kind: 'PauseProject' });
  await runToRest(harness, id);
  expect(await look(10)).toEqual([]);
  await command(harness, id, { kind: 'ResumeProject' });
  await runToRest(harness, id);
  expect(harness.dataApis.running.get(id)?.writes).toBe('deletions');
  expect(harness.databases.bounds.get(id)?.readOnly).toBe(true);
});

test('the operator raises the limit of one, and the next look makes it writable', async () => {
  const { harness, id, look } = await watched();
  await look(101);
  await command(harness, id, { kind: 'ChangeLimits', limits: { databaseSizeMb: 1_000, connections: 5 } });
  await runToRest(harness, id);
  expect(harness.databases.bounds.get(id)).toMatchObject({ connections: 5, readOnly: true });
  expect(await look(101)).toEqual(['DatabaseSizeBackWithinLimit', 'DatabaseSizeRelaxed', ...inForce]);
  // and what is the same already is no change
  const head = await harness.store.head();
  await command(harness, id, { kind: 'ChangeLimits', limits: { connections: 5 } });
  expect(await harness.store.head()).toBe(head);
});

test('a rotation while it is read only leaves it so', async () => {
  const { harness, id, look } = await watched();
  await look(101);
  const { secrets } = await stateOf(harness, id);
  await command(harness, id, { kind: 'RotateDatabasePassword', secrets });
  await runToRest(harness, id);
  expect(harness.databases.bounds.get(id)?.readOnly).toBe(true);
});

test('without any limit nothing follows, and those who list projects know the size all the same', async () => {
  const { look, measured, harness, id } = await watched(0);
  expect(await look(1_000_000)).toEqual([]);
  expect(await measured.of([id])).toEqual(new Map([[id, 1_000_000 * MB]]));
  await command(harness, id, { kind: 'ChangeLimits', limits: { databaseSizeMb: 10 } });
  await runToRest(harness, id);
  expect(await look(11)).toEqual(['DatabaseSizeExceeded', ...inForce]);
  expect(await measured.of([id])).toEqual(new Map([[id, 11 * MB]]));
});

test('a chart is told of a size when it is another one, and once a day', async () => {
  const { harness, id, look, usage } = await watched();
  const told = async () =>
    (await usage.samplesOf(id, 'minute', new Date(0))).samples.map((one) => one.sizeBytes);
  const later = (ms: number) => harness.clock.jumpTo(new Date(harness.clock.now().getTime() + ms));
  for (const megabytes of [50, 50, 51]) {
    await look(megabytes);
    later(60_000);
  }
  expect(await told()).toEqual([50 * MB, 51 * MB]);
  later(24 * 3600_000);
  await look(51);
  expect(await told()).toEqual([50 * MB, 51 * MB, 51 * MB]);
});
