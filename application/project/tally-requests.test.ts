import { expect, test } from 'vitest';
import { InMemoryProjectUsage } from '../../infrastructure/postgres/in-memory-project-usage.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { ProjectUsage } from '../ports/project-usage.ts';
import { makeHarness } from '../testing/project-harness.ts';
import { RequestTally } from './tally-requests.ts';

function tallied() {
  const { clock } = makeHarness();
  const usage = new InMemoryProjectUsage();
  const written: number[] = [];
  let away = false;
  const record: ProjectUsage['record'] = async (seen, at) => {
    if (away) throw new Unavailable('record');
    written.push(seen.size);
    await usage.record(seen, at);
  };
  const gateway = () => {
    const sent = new Map<ProjectId, number>();
    const traffic = { projects: () => sent.keys(), requests: (id: ProjectId) => sent.get(id) ?? 0 };
    return { sent, tally: new RequestTally({ traffic, usage: { record }, clock }) };
  };
  const requestsOf = async (id: ProjectId) =>
    (await usage.samplesOf(id, 'hour', new Date(0))).samples.reduce((sum, one) => sum + one.requests, 0);
  return { usage, clock, written, gateway, requestsOf, setAway: (is: boolean) => (away = is) };
}

test('several gateways add up, and each tells a request once', async () => {
  const { gateway, requestsOf, usage, clock } = tallied();
  const [one, two] = [gateway(), gateway()];
  const id = newProject();
  one.sent.set(id, 3);
  two.sent.set(id, 4);
  await one.tally.tell();
  await two.tally.tell();
  one.sent.set(id, 5);
  await one.tally.tell();
  await one.tally.tell();
  expect(await requestsOf(id)).toBe(9);
  expect(await usage.lastUses([id])).toEqual(new Map([[id, clock.now()]]));
});

test('what could not be told is told the next time, and of those without requests nothing is', async () => {
  const { gateway, requestsOf, written, setAway } = tallied();
  const { sent, tally } = gateway();
  const [id, idle] = [newProject(), newProject()];
  sent.set(id, 3).set(idle, 1);
  await tally.tell();
  setAway(true);
  sent.set(id, 5);
  await expect(tally.tell()).rejects.toThrow(Unavailable);
  setAway(false);
  sent.set(id, 6);
  await tally.tell();
  expect([await requestsOf(id), await requestsOf(idle)]).toEqual([6, 1]);
  expect(written).toEqual([2, 1]);
});
