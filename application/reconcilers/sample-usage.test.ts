import { expect, test } from 'vitest';
import { InMemoryProjectUsage } from '../../infrastructure/postgres/in-memory-project-usage.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { makeHarness } from '../testing/project-harness.ts';
import { UsageSampler, type PooledUse } from './sample-usage.ts';

const MINUTE_MS = 60_000;
const NOT_USED: PooledUse = { count: 0, busy: false, transactions: 0, connections: 0 };

function sampled() {
  const { clock } = makeHarness();
  const usage = new InMemoryProjectUsage();
  const use = new Map<ProjectId, PooledUse>();
  const purged = new Set<ProjectId>();
  let known = true;
  const sampler = new UsageSampler({
    usage,
    clock,
    use: () => Promise.resolve(known ? use : undefined),
    gone: (projects) => Promise.resolve(projects.filter((id) => purged.has(id))),
  });
  sampler.begin();
  const look = async (afterMinutes: number, id: ProjectId, seen: Partial<PooledUse>) => {
    clock.jumpTo(new Date(clock.now().getTime() + afterMinutes * MINUTE_MS));
    use.set(id, { ...NOT_USED, ...use.get(id), ...seen });
    await sampler.look();
    return (await usage.lastUses([id])).get(id);
  };
  const connections = async (id: ProjectId) =>
    (await usage.samplesOf(id, 'minute', new Date(0))).samples.map((sample) => sample.connections);
  return { clock, usage, sampler, use, purged, look, connections, knowNothing: () => (known = false) };
}

test('whoever works through the pooler uses a project, and whoever only has it open does not', async () => {
  const { clock, look, connections } = sampled();
  const id = newProject();
  await look(0, id, { transactions: 10 });
  expect(await look(3, id, { transactions: 10, connections: 2 })).toBeUndefined();
  expect(await look(1, id, { transactions: 11, connections: 1 })).toEqual(clock.now());
  const before = clock.now();
  expect(await look(1, id, { connections: 0 })).toEqual(before);
  expect(await connections(id)).toEqual([2, 1]);
});

test('what was counted before nobody knows when, and a count that begins anew is no use', async () => {
  const { clock, look, sampler } = sampled();
  const [id, other] = [newProject(), newProject()];
  await look(3, id, {});
  expect(await look(1, other, { transactions: 100 })).toBeUndefined();
  expect(await look(1, other, { transactions: 3 })).toBeUndefined();
  expect(await look(1, other, { transactions: 4 })).toEqual(clock.now());
  sampler.begin();
  expect(await look(3, id, { transactions: 7 })).toBeUndefined();
});

test('what REST APIs read of their databases after a start is nobody’s use', async () => {
  const { clock, look } = sampled();
  const id = newProject();
  await look(0, id, {});
  expect(await look(1, id, { transactions: 5 })).toBeUndefined();
  expect(await look(1, id, { transactions: 6 })).toEqual(clock.now());
});

test('one that nobody uses leaves nothing, and of one that is purged nothing is left', async () => {
  const { usage, sampler, purged, look, knowNothing } = sampled();
  const [idle, used] = [newProject(), newProject()];
  await look(0, idle, { transactions: 3 });
  await look(3, idle, { transactions: 3 });
  await look(0, used, { connections: 1 });
  expect(await usage.projects()).toEqual([used]);
  purged.add(used);
  // also where nobody can know how projects are used
  knowNothing();
  await sampler.look();
  expect(await usage.projects()).toEqual([]);
});
