/** kill -9 of the real process at every point of every step of provisioning and of purging. */
import { describe, expect, test } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, EVERYTHING, MOMENTS, NOTHING, ONE_OF, projectIdOf } from './crash-points.ts';
import { sampled } from './test-tier.ts';

const rounds = new CrashRounds();
let count = 0;

const create = (key: string) =>
  rounds.platform.call('POST', '/api/projects', {
    token: rounds.token,
    body: { name: key },
    headers: { prefer: 'respond-async', 'idempotency-key': key },
  });
const purge = (id: string, name: string) =>
  rounds.platform.call('DELETE', `/api/projects/${id}?purge=true`, { token: rounds.token, body: { name } });
const next = () => `crash-${++count}`;

const points = (process: 'provision' | 'purge') =>
  processTable[process].flatMap(({ step }) => MOMENTS.map((moment) => ({ step, moment })));

describe('E52-57 kill -9 while a project is provisioned', () => {
  test.each(sampled(points('provision'), ONE_OF))(
    '$step, $moment: it goes on to active, with exactly one of each',
    async ({ step, moment }) => {
      const key = next();
      const id = projectIdOf(rounds.ownerId, key);
      await rounds.crashAndRestart(`provision/${step}/do/${moment}`, () => create(key));
      expect(await rounds.restsAs(id)).toBe('active');
      expect(await rounds.platform.resources(id)).toEqual(EVERYTHING);
      await purge(id, key);
      expect(await rounds.restsAs(id)).toBe('purged');
      expect(await rounds.platform.resources(id)).toEqual(NOTHING);
    },
  );
});

describe('kill -9 while a project is purged', () => {
  test.each(sampled(points('purge'), ONE_OF))('$step, $moment: nothing is left', async ({ step, moment }) => {
    const key = next();
    const id = projectIdOf(rounds.ownerId, key);
    await create(key);
    expect(await rounds.restsAs(id)).toBe('active');
    await rounds.crashAndRestart(`purge/${step}/do/${moment}`, () => purge(id, key));
    expect(await rounds.restsAs(id)).toBe('purged');
    expect(await rounds.platform.resources(id)).toEqual(NOTHING);
  });
});
