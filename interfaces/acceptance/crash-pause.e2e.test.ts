/** kill -9 of the real process at every point of every step of pausing, resuming, deleting and undeleting. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MOMENTS } from '../../application/process-managers/process-properties.ts';
import { processTable } from '../composition/process-table.ts';
import { crashAndRestart, DATA_ONLY, EVERYTHING, statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('crash');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'kept' },
  });
  ({ id } = made.body);
  await platform.call('POST', `/api/projects/${id}/sql`, {
    token,
    body: { query: 'CREATE TABLE kept AS SELECT 42 AS n' },
  });
  await platform.kill();
});

afterEach(() => platform.kill());
afterAll(() => platform.close());

const headers = { prefer: 'respond-async' };
const ask = {
  pause: () => platform.call('POST', `/api/projects/${id}/pause`, { token, headers }),
  resume: () => platform.call('POST', `/api/projects/${id}/resume`, { token, headers }),
  delete: () => platform.call('DELETE', `/api/projects/${id}`, { token }),
  undelete: () => platform.call('POST', `/api/projects/${id}/undelete`, { token, headers }),
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
  const rounds = Array.from({ length: Math.max(downs.length, ups.length) }, (_, at) => ({
    point: downs[at % downs.length] ?? '',
    back: ups[at % ups.length] ?? '',
  }));
  test.each(rounds)(
    '$point, then $back: down and up again, nothing double, nothing lost',
    async ({ point, back }) => {
      await crashAndRestart(platform, point, ask[down]);
      expect(await statusAtRest(platform, token, id)).toBe(isDown);
      expect(await platform.resources(id)).toEqual(DATA_ONLY);
      await platform.kill();
      await crashAndRestart(platform, back, ask[up]);
      expect(await statusAtRest(platform, token, id)).toBe('active');
      expect(await platform.resources(id)).toEqual(EVERYTHING);
      const kept = await platform.sql<{ n: number }>('SELECT n FROM public.kept', [], id);
      expect(kept).toEqual([{ n: 42 }]);
      await platform.kill();
    },
  );
});
