import { expect, test } from 'vitest';
import { projectNameStream } from '../../domain/project/project-name.ts';
import { Unavailable } from '../errors.ts';
import type { EventStore } from '../ports/event-store.ts';
import { makeHarness } from '../process-managers/process-harness.ts';
import { METADATA } from '../process-managers/process-properties.ts';
import { requestProject, type ProjectRequest } from './request-project.ts';

function requester() {
  const harness = makeHarness();
  const { store, ids, world } = harness;
  const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((r) => setTimeout(r, ms)) };
  const dependencies = { store, ids, clock, secrets: world.secrets, migrations: { latestVersion: 1 } };
  const ask = (more: Partial<ProjectRequest> = {}, log: EventStore = store) =>
    requestProject(
      { ...dependencies, store: log },
      { ownerId: 'own_1', name: 'shop', displayName: 'Shop', ...more },
      METADATA,
    );
  return { harness, ask };
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
