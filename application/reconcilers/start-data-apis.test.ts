import { expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { projectStream } from '../../domain/project/project-id.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { DataApi } from '../ports/data-apis.ts';
import { command, makeHarness, request, runToRest } from '../testing/project-harness.ts';
import { DataApiStarts } from './start-data-apis.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** So many projects that are awake, whose REST APIs are gone as after a crash, and start when they are let. */
async function many(count: number) {
  const harness = makeHarness();
  const ids = Array.from({ length: count }, newProject);
  for (const [at, id] of ids.entries()) {
    await command(harness, id, request(id, `shop-${at}`));
    await runToRest(harness, id);
  }
  harness.dataApis.running.clear();
  const begun: ProjectId[] = [];
  const lets = new Map<ProjectId, () => void>();
  const ensure = harness.world.dataApis.ensure.bind(harness.world.dataApis);
  harness.world.dataApis.ensure = async (api: DataApi) => {
    begun.push(api.project);
    await new Promise<void>((resolve) => lets.set(api.project, resolve));
    await ensure(api);
  };
  const errors: unknown[] = [];
  const log = { ...quiet, error: ({ project }: { project?: unknown }) => errors.push(project) };
  const starts = new DataApiStarts({ ...harness, log });
  const turns = () => new Promise((resolve) => setTimeout(resolve, 20));
  const letAll = async () => {
    for (const [id, start] of lets) if (lets.delete(id)) start();
    await turns();
  };
  return { harness, ids, begun, starts, turns, letAll, errors };
}

test('the platform waits for the first of them, and whoever is asked for comes before the others', async () => {
  const { ids, begun, starts, turns, letAll } = await many(40);
  let ready = false;
  const beginning = starts.begin(ids).then(() => (ready = true));
  await turns();
  expect(begun).toEqual(ids.slice(0, 8));
  const last = ids[39] as ProjectId;
  let answered = false;
  const asked = starts.ask(last).then(() => (answered = true));
  await letAll();
  expect(begun[8]).toBe(last);
  expect([ready, answered]).toEqual([false, false]);
  await letAll();
  await asked;
  await letAll();
  await beginning;
  expect(begun.length).toBeLessThan(ids.length);
  for (let rounds = 0; rounds < 3; rounds++) await letAll();
  await starts.allDone();
  expect(new Set(begun)).toEqual(new Set(ids));
  expect(begun).toHaveLength(40);
});

test('one that fell asleep while it waited is not started', async () => {
  const { harness, ids, begun, starts, turns, letAll } = await many(10);
  const last = ids[9] as ProjectId;
  void starts.begin(ids);
  await turns();
  await command(harness, last, { kind: 'SleepProject', idleSince: harness.clock.now() });
  await runToRest(harness, last);
  for (let rounds = 0; rounds < 3; rounds++) await letAll();
  await starts.allDone();
  expect(begun).toEqual(ids.slice(0, 9));
});

test('one that cannot be started is told of, and is nothing to the others', async () => {
  const { harness, ids, begun, starts, turns, letAll, errors } = await many(3);
  const read = harness.store.readStream.bind(harness.store);
  harness.store.readStream = (stream, options) =>
    stream === projectStream(ids[0] as ProjectId) ? Promise.reject(new Error('away')) : read(stream, options);
  const beginning = starts.begin(ids);
  await turns();
  await letAll();
  await beginning;
  expect(errors).toEqual([ids[0]]);
  expect(begun).toEqual(ids.slice(1));
});

test('one that is paused while it starts ends again', async () => {
  const { harness, ids, begun, starts, turns, letAll } = await many(1);
  const [one] = ids as [ProjectId];
  const beginning = starts.begin(ids);
  await turns();
  await command(harness, one, { kind: 'PauseProject' });
  await runToRest(harness, one);
  await letAll();
  await beginning;
  expect(begun).toEqual(ids);
  expect(await harness.world.dataApis.list()).toEqual([]);
});
