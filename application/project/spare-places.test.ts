import { expect, test } from 'vitest';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { newProject } from '../ports/databases.contract.ts';
import { StreamWatch } from '../stream-watch.ts';
import {
  command,
  makeHarness,
  nothing,
  requestSpare,
  runToRest,
  standing,
  stateOf,
} from '../testing/project-harness.ts';
import { sparePlaces } from './spare-places.ts';

/** Two that stand ready and one on its way; what is given up goes as soon as the log says so. */
async function platform() {
  const harness = makeHarness();
  const { store, ids } = harness;
  const spares: ProjectId[] = [];
  for (let at = 0; at < 3; at++) {
    const id = newProject();
    await command(harness, id, requestSpare(id));
    if (at < 2) await runToRest(harness, id);
    spares.push(id);
  }
  const watch = new StreamWatch(store);
  await watch.start();
  const worker = store.subscribe({ name: 'test', after: await store.head() }, async ({ events }) => {
    for (const { type, stream } of events)
      if (type === 'SpareGivenUp')
        await runToRest(
          harness,
          spares.find((id) => projectStream(id) === stream)!,
        );
  });
  const places = sparePlaces({
    store,
    ids,
    watch,
    listed: async () =>
      (await Promise.all(spares.map((id) => stateOf(harness, id)))).filter(
        ({ status }) => status !== 'purged',
      ),
    serverOf: (id) => Promise.resolve(id === spares[0] ? 'second' : MAIN_SERVER),
  });
  const statuses = async () =>
    (await Promise.all(spares.map((id) => stateOf(harness, id)))).map(({ status }) => status);
  const stop = async () => {
    await worker.stop();
    await watch.stop();
  };
  return { harness, spares, places, statuses, stop };
}

test('of one server, what is of no use yet first; a place is free when nothing of it is left', async () => {
  const { harness, places, statuses, stop } = await platform();
  expect(await places.count(MAIN_SERVER)).toBe(2);
  expect(await places.free(MAIN_SERVER, 1)).toBe(1);
  expect(await statuses()).toEqual(['spare', 'spare', 'purged']);
  expect(await places.free(MAIN_SERVER, 5)).toBe(1);
  expect(await statuses()).toEqual(['spare', 'purged', 'purged']);
  expect([await places.count(MAIN_SERVER), await places.free(MAIN_SERVER, 1)]).toEqual([0, 0]);
  expect(await places.free('second', 1)).toBe(1);
  expect(await standing(harness)).toEqual(nothing);
  await stop();
});

test('one that somebody claimed in between frees no place', async () => {
  const { harness, places, spares, stop } = await platform();
  const { server, templateVersion, dataApi } = await stateOf(harness, spares[1]!);
  const asked = { requestedAs: newProject(), ownerId: 'own_1', name: 'shop', displayName: 'Shop' };
  await command(harness, spares[1]!, { kind: 'ClaimSpare', ...asked, server, templateVersion, dataApi });
  // the read model shows it for a moment
  expect(await places.free(MAIN_SERVER, 2)).toBe(1);
  expect(await stateOf(harness, spares[1]!)).toMatchObject({ status: 'active', ownerId: 'own_1' });
  await stop();
});
