/** kill -9 of the real process at every point of every undo: a provision that cannot succeed leaves nothing. */
import { expect, test } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, MOMENTS, NOTHING, ONE_OF, projectIdOf } from './crash-points.ts';
import { sampled } from './test-tier.ts';

const rounds = new CrashRounds({ refuseProbe: true });
let count = 0;

const points = processTable.provision.flatMap(({ step, undoes }) =>
  undoes === null ? [] : MOMENTS.map((moment) => ({ step, moment })),
);

test.each(sampled(points, ONE_OF))(
  'E52-57 undo of $step, $moment: it ends failed and nothing is left',
  async ({ step, moment }) => {
    const name = `undone-${++count}`;
    const id = projectIdOf(rounds.ownerId, name);
    const create = () =>
      rounds.platform.call('POST', '/api/projects', {
        token: rounds.token,
        body: { name },
        headers: { prefer: 'respond-async', 'idempotency-key': name },
      });
    await rounds.crashAndRestart(`provision/${step}/undo/${moment}`, create);
    expect(await rounds.restsAs(id)).toBe('failed');
    expect(await rounds.platform.resources(id)).toEqual(NOTHING);
  },
);
