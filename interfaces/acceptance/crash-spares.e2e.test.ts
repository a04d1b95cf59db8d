/** kill -9 of the real process while a spare project is prepared, claimed and given up: one of each, or none. */
import { beforeEach, describe, expect, test } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, EVERYTHING, MOMENTS, NOTHING, ONE_OF } from './crash-points.ts';
import { databasesOf, readySpares } from './spares-under-test.ts';
import { sampled } from './test-tier.ts';

interface Made {
  readonly id: string;
  readonly status: string;
}

const rounds = new CrashRounds({}, { SPARE_PROJECTS: '1' });
let count = 0;
let spare = '';
let key = '';

beforeEach(async () => {
  key = `crash-${++count}`;
  [spare = ''] = await readySpares(rounds.platform, 1);
});

const create = () =>
  rounds.platform.call<Made>('POST', '/api/projects', {
    token: rounds.token,
    body: { name: key },
    headers: { 'idempotency-key': key },
  });

/** A project, and a spare that stands ready beside it; of nothing else is anything left. */
async function endsWell(id: string): Promise<void> {
  expect(await rounds.restsAs(id)).toBe('active');
  const [next = ''] = await readySpares(rounds.platform, 1, id);
  for (const one of [id, next]) expect(await rounds.platform.resources(one)).toEqual(EVERYTHING);
  expect(await databasesOf(rounds.platform)).toBe(2);
  await rounds.platform.call('DELETE', `/api/projects/${id}?purge=true`, {
    token: rounds.token,
    body: { name: key },
  });
  expect(await rounds.restsAs(id)).toBe('purged');
  expect(await rounds.platform.resources(id)).toEqual(NOTHING);
}

const pointsOf = (process: 'prepare-spare' | 'give-up-spare') =>
  processTable[process].flatMap(({ step }) => MOMENTS.map((moment) => `${process}/${step}/do/${moment}`));

test.each(sampled(pointsOf('prepare-spare'), ONE_OF))(
  '%s: it goes on until it stands ready',
  async (point) => {
    await rounds.crashAndRestart(point, create);
    const { body } = await create();
    expect(body.id).toBe(spare);
    await endsWell(body.id);
  },
);

describe('while it is claimed', () => {
  const appends = ['ProjectNameReserved', 'SpareChosen', 'SpareClaimed'];
  const points = appends.flatMap((type) => ['before', 'after'].map((when) => `append/${type}/${when}`));

  test.each(sampled(points, ONE_OF))('%s: asked again by its key it is that one', async (point) => {
    await rounds.crashAndRestart(point, create);
    const { status, body } = await create();
    expect([status, body.id]).toEqual([201, spare]);
    await endsWell(body.id);
  });
});

test.each(sampled(pointsOf('give-up-spare'), ONE_OF))('%s: nothing of it is left', async (point) => {
  const { platform } = rounds;
  await platform.kill();
  platform.environment['SPARE_PROJECTS'] = '0';
  await rounds.crashAtStart(point);
  await readySpares(platform, 0);
  expect(await platform.resources(spare)).toEqual(NOTHING);
  expect(await databasesOf(platform)).toBe(0);
  await platform.kill();
  platform.environment['SPARE_PROJECTS'] = '1';
  await platform.start({});
  await readySpares(platform, 1);
  expect(await databasesOf(platform)).toBe(1);
});
