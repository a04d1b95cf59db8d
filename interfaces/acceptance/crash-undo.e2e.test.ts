/** kill -9 of the real process at every point of every undo: a provision that cannot succeed leaves nothing. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { MOMENTS } from '../../application/process-managers/process-properties.ts';
import { processTable } from '../composition/process-table.ts';
import { crashAndRestart, NOTHING, projectIdOf, statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let ownerId: string;
let count = 0;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('undo');
  ownerId = (await platform.call<{ owner_id: string }>('GET', '/api/owners/me', { token })).body.owner_id;
  await platform.kill();
});
afterEach(() => platform.kill());
afterAll(() => platform.close());

const points = processTable.provision.flatMap(({ step, undoes }) =>
  undoes === null ? [] : MOMENTS.map((moment) => ({ step, moment })),
);

test.each(points)(
  'E52-57 undo of $step, $moment: it ends failed and nothing is left',
  async ({ step, moment }) => {
    const name = `undone-${++count}`;
    const id = projectIdOf(ownerId, name);
    const create = () =>
      platform.call('POST', '/api/projects', {
        token,
        body: { name },
        headers: { prefer: 'respond-async', 'idempotency-key': name },
      });
    await crashAndRestart(platform, `provision/${step}/undo/${moment}`, create, true);
    expect(await statusAtRest(platform, token, id)).toBe('failed');
    expect(await platform.resources(id)).toEqual(NOTHING);
  },
);
