/** kill -9 of the real process at every point of every step of provisioning and of purging. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MOMENTS } from '../../application/process-managers/process-properties.ts';
import { processTable } from '../composition/process-table.ts';
import { crashAndRestart, EVERYTHING, NOTHING, projectIdOf, statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let ownerId: string;
let count = 0;

const respondAsync = { prefer: 'respond-async' };
const create = (key: string) =>
  platform.call('POST', '/api/projects', {
    token,
    body: { name: key },
    headers: { ...respondAsync, 'idempotency-key': key },
  });
const purge = (id: string, name: string) =>
  platform.call('DELETE', `/api/projects/${id}?purge=true`, { token, body: { name } });
const next = () => `crash-${++count}`;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('crash');
  ownerId = (await platform.call<{ owner_id: string }>('GET', '/api/owners/me', { token })).body.owner_id;
  await platform.kill();
});

afterEach(() => platform.kill());
afterAll(() => platform.close());

const points = (process: 'provision' | 'purge') =>
  processTable[process].flatMap(({ step }) => MOMENTS.map((moment) => ({ step, moment })));

describe('E52-57 kill -9 while a project is provisioned', () => {
  test.each(points('provision'))(
    '$step, $moment: it goes on to active, with exactly one of each',
    async ({ step, moment }) => {
      const key = next();
      const id = projectIdOf(ownerId, key);
      await crashAndRestart(platform, `provision/${step}/do/${moment}`, () => create(key));
      expect(await statusAtRest(platform, token, id)).toBe('active');
      expect(await platform.resources(id)).toEqual(EVERYTHING);
      await purge(id, key);
      expect(await statusAtRest(platform, token, id)).toBe('purged');
      expect(await platform.resources(id)).toEqual(NOTHING);
      await platform.kill();
    },
  );
});

describe('kill -9 while a project is purged', () => {
  test.each(points('purge'))('$step, $moment: nothing is left', async ({ step, moment }) => {
    const key = next();
    const id = projectIdOf(ownerId, key);
    await platform.start();
    await create(key);
    expect(await statusAtRest(platform, token, id)).toBe('active');
    await platform.kill();
    await crashAndRestart(platform, `purge/${step}/do/${moment}`, () => purge(id, key));
    expect(await statusAtRest(platform, token, id)).toBe('purged');
    expect(await platform.resources(id)).toEqual(NOTHING);
    await platform.kill();
  });
});
