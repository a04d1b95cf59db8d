/** kill -9 of the real process at every point of every step of falling asleep and of waking. */
import { beforeEach, expect, test, vi } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, EVERYTHING, MOMENTS, ONE_OF, REACHABLE } from './crash-points.ts';
import { sampled } from './test-tier.ts';
import { patience } from './patience.ts';

const PATIENCE = patience(50);
const rounds = new CrashRounds();
let id = '';
let apikey = '';

const call = <T>(method: string, path: string, body?: unknown) =>
  rounds.platform.call<T>(method, `/api/projects${path}`, { token: rounds.token, body });

beforeEach(async () => {
  if (id !== '') return;
  ({ id } = (await call<{ id: string }>('POST', '', { name: 'kept' })).body);
  await call('POST', `/${id}/sql`, { query: 'CREATE TABLE kept AS SELECT 42 AS n' });
  apikey = (await call<{ anon_key: string }>('GET', `/${id}/keys`)).body.anon_key;
});

const rest = () =>
  rounds.platform.call<unknown>('GET', `/project/${id}/rest/v1/kept`, { headers: { apikey } });
/** From the next start on: soon, or never, so that what is to be woken does not fall asleep meanwhile. */
const fallAsleep = (when: 'soon' | 'never') =>
  (rounds.platform.environment['IDLE_SLEEP_MINUTES'] = when === 'soon' ? '0.01' : '0');

const pointsOf = (process: 'sleep' | 'wake') =>
  processTable[process].flatMap(({ step }) => MOMENTS.map((moment) => `${process}/${step}/do/${moment}`));
const [downs, ups] = [pointsOf('sleep'), pointsOf('wake')];
const points = Array.from({ length: Math.max(downs.length, ups.length) }, (_, at) => ({
  point: downs[at % downs.length] ?? '',
  back: ups[at % ups.length] ?? '',
}));

test.each(sampled(points, ONE_OF))(
  '$point, then $back: asleep and awake again, nothing double',
  async ({ point, back }) => {
    await rounds.platform.kill();
    fallAsleep('soon');
    await rounds.platform.start({});
    await rounds.crashAndRestart(point, async () => {
      fallAsleep('never');
      // it may sleep already: then it wakes, and falls asleep once more
      await rest();
    });
    expect(await rounds.restsAs(id)).toBe('sleeping');
    await vi.waitFor(async () => expect(await rounds.platform.resources(id)).toEqual(REACHABLE), PATIENCE);

    await rounds.crashAndRestart(back, rest);
    expect(await rounds.restsAs(id)).toBe('active');
    expect(await rest()).toMatchObject({ status: 200, body: [{ n: 42 }] });
    expect(await rounds.platform.resources(id)).toEqual(EVERYTHING);
  },
);
