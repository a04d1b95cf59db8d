/** kill -9 of the real process at every point of every step of pausing, resuming, deleting and undeleting. */
import { beforeEach, describe, expect, test } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, DATA_ONLY, EVERYTHING, MOMENTS, ONE_OF } from './crash-points.ts';
import { sampled } from './test-tier.ts';

const rounds = new CrashRounds();
let id = '';
let count = 0;

const call = (method: string, path: string, body?: unknown) =>
  rounds.platform.call<{ id: string; status: string }>(method, `/api/projects${path}`, {
    token: rounds.token,
    body,
    ...(path !== '' && { headers: { prefer: 'respond-async' } }),
  });

// the one of the round before, or, when that failed, a new one
beforeEach(async () => {
  if (id !== '' && (await call('GET', `/${id}`)).body.status === 'active') return;
  ({ id } = (await call('POST', '', { name: `kept-${++count}` })).body);
  await rounds.restsAs(id);
  await call('POST', `/${id}/sql`, { query: 'CREATE TABLE kept AS SELECT 42 AS n' });
});

const ask = {
  pause: () => call('POST', `/${id}/pause`),
  resume: () => call('POST', `/${id}/resume`),
  delete: () => call('DELETE', `/${id}`),
  undelete: () => call('POST', `/${id}/undelete`),
};

/** Down and up again: each process begins where the one before it ended. */
const pairs = [
  { down: 'pause', isDown: 'paused', up: 'resume' },
  { down: 'delete', isDown: 'deleted', up: 'undelete' },
] as const;
const pointsOf = (process: keyof typeof ask) =>
  processTable[process].flatMap(({ step }) => MOMENTS.map((moment) => `${process}/${step}/do/${moment}`));

describe.each(pairs)('E52-57 kill -9 in $down and in $up', ({ down, isDown, up }) => {
  const downs = pointsOf(down);
  const ups = pointsOf(up);
  const points = Array.from({ length: Math.max(downs.length, ups.length) }, (_, at) => ({
    point: downs[at % downs.length] ?? '',
    back: ups[at % ups.length] ?? '',
  }));
  test.each(sampled(points, ONE_OF))(
    '$point, then $back: down and up again, nothing double, nothing lost',
    async ({ point, back }) => {
      await rounds.crashAndRestart(point, ask[down]);
      expect(await rounds.restsAs(id)).toBe(isDown);
      expect(await rounds.platform.resources(id)).toEqual(DATA_ONLY);
      await rounds.crashAndRestart(back, ask[up]);
      expect(await rounds.restsAs(id)).toBe('active');
      expect(await rounds.platform.resources(id)).toEqual(EVERYTHING);
      const kept = await rounds.platform.sql<{ n: number }>('SELECT n FROM public.kept', [], id);
      expect(kept).toEqual([{ n: 42 }]);
    },
  );
});
