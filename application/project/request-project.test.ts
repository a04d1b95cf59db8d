import { expect, test } from 'vitest';
import { projectNameStream } from '../../domain/project/project-name.ts';
import { Unavailable } from '../errors.ts';
import type { EventStore } from '../ports/event-store.ts';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { makeHarness, METADATA, runToRest } from '../testing/project-harness.ts';
import { Admissions } from './admissions.ts';
import { changeProject } from './change-project.ts';
import { requestProject, type ProjectRequest } from './request-project.ts';

function requester() {
  const harness = makeHarness();
  const { store, ids, world } = harness;
  const clock = {
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    sleep: (ms: number) => new Promise<void>((r) => setTimeout(r, ms)),
  };
  let max = 1_000;
  const capacity = async () => {
    const requested = (await store.readAll({ after: 0n, limit: 1_000 })).events.filter(
      ({ type }) => type === 'ProjectRequested',
    );
    // as long as a database takes: others come in between, if they may
    await clock.sleep(5);
    return { max, reserved: 0, perProject: 7, used: requested.length };
  };
  const limitTo = (projects: number) => (max = 55 + projects * 7);
  const common = { store, ids, clock, secrets: world.secrets, migrations: { latestVersion: 1 } };
  const admissions = new Admissions({ turns: new InMemoryTurns(), capacity });
  const dependencies = { ...common, admissions };
  const ask = (more: Partial<ProjectRequest> = {}, log: EventStore = store) =>
    requestProject(
      { ...dependencies, store: log },
      { ownerId: 'own_1', name: 'shop', displayName: 'Shop', ...more },
      METADATA,
    );
  return { harness, ask, limitTo, dependencies };
}

/** A log that dies between the reservation and the request. */
const dyingAfterReservation = (store: EventStore): EventStore =>
  new Proxy(store, {
    get(target, name) {
      if (name !== 'append') return (target[name as keyof EventStore] as () => unknown).bind(target);
      return (stream: string, ...rest: [never, never]) =>
        stream.startsWith('project-')
          ? Promise.reject(new Unavailable('append'))
          : target.append(stream, ...rest);
    },
  });

test('of twenty requests for one name exactly one wins', async () => {
  const { ask } = requester();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => ask()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'project/name-taken' });
  }
});

test('a caller that died after the reservation blocks nobody, and can not come back', async () => {
  const { harness, ask } = requester();
  const key = { idempotencyKey: 'first' };
  await expect(ask(key, dyingAfterReservation(harness.store))).rejects.toThrow(Unavailable);
  const { projectId } = await ask();
  const [, held] = await harness.store.readStream(projectNameStream('own_1', 'shop'));
  expect(held?.data).toEqual({ projectId });
  // the first one wakes up
  await expect(ask(key)).rejects.toMatchObject({ code: 'project/name-taken' });
});

test('a caller that comes back in time goes on with its own reservation', async () => {
  const { harness, ask } = requester();
  const key = { idempotencyKey: 'again' };
  await expect(ask(key, dyingAfterReservation(harness.store))).rejects.toThrow(Unavailable);
  const made = await ask(key);
  expect(made.repeated).toBe(false);
  expect(await ask(key)).toEqual({ projectId: made.projectId, repeated: true });
  await expect(ask({ ...key, displayName: 'Other' })).rejects.toMatchObject({
    code: 'idempotency/key-reused',
  });
});

test('of many that come for the last place exactly one gets it; of the others nothing is recorded', async () => {
  const { harness, ask, limitTo } = requester();
  await ask({ name: 'first' });
  limitTo(2);
  const before = await harness.store.head();
  const names = Array.from({ length: 20 }, (_, number) => `shop-${number}`);
  const outcomes = await Promise.allSettled(names.map((name) => ask({ name, ownerId: `own_${name}` })));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({
        code: 'platform/capacity-reached',
        facts: { used: 2, limit: 2 },
      });
  }
  // a name and a project
  expect(await harness.store.head()).toBe(before + 2n);
});

test('a repeated request is answered also when there is no room any more', async () => {
  const { ask, limitTo } = requester();
  const key = { idempotencyKey: 'key' };
  const made = await ask(key);
  limitTo(1);
  expect(await ask(key)).toEqual({ ...made, repeated: true });
  const twins = await Promise.allSettled([1, 2].map(() => ask({ name: 'other', idempotencyKey: 'other' })));
  expect(twins.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('resuming and undeleting need room; what is in service, is not there or is somebody else’s is told so', async () => {
  const { harness, ask, limitTo, dependencies } = requester();
  const { projectId } = await ask();
  const who = { ownerId: 'own_1', projectId };
  const change = (kind: 'pause' | 'resume' | 'delete' | 'undelete', ownerId = 'own_1') =>
    changeProject(dependencies, { ...who, ownerId }, { kind }, METADATA);
  const full = { code: 'platform/capacity-reached' };
  await runToRest(harness, projectId);
  limitTo(1);
  await change('resume');
  await change('pause');
  await runToRest(harness, projectId);
  await expect(change('resume')).rejects.toMatchObject(full);
  await expect(change('resume', 'own_2')).rejects.toMatchObject({ code: 'project/not-found' });
  await expect(change('undelete')).rejects.toMatchObject({ code: 'project/not-deleted' });
  limitTo(2);
  await change('resume');
  await runToRest(harness, projectId);
  await change('delete');
  await runToRest(harness, projectId);
  limitTo(1);
  await expect(change('undelete')).rejects.toMatchObject(full);
  limitTo(2);
  await change('undelete');
});
