import { describe, expect, test } from 'vitest';
import { FairTurns, type TurnLimits } from './fair-turns.ts';

/** Work that ends when the test says so, by a clock of the test's. */
function turns(limits: Partial<TurnLimits> = {}) {
  let now = 0;
  const fair = new FairTurns(
    { concurrency: 1, queueLength: 100, maxWaitMs: 60_000, ...limits },
    () => new Error('busy'),
    () => now,
  );
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const served: string[] = [];
  const refused: string[] = [];
  const come = (party: string, address = 'one', name = `${party} ${address}`) => {
    const work = () =>
      new Promise<void>((resolve) => {
        served.push(name);
        running.push({ name, end: resolve });
      });
    fair.inTurn(party, address, work).catch(() => refused.push(name));
  };
  const settled = () => new Promise((resolve) => void setImmediate(resolve));
  /** the one that has run longest ends, after so long */
  const end = async (afterMs = 1, which = 0) => {
    now += afterMs;
    running.splice(which, 1)[0]?.end();
    await settled();
  };
  return { fair, served, refused, come, settled, end };
}

const times = (count: number, work: (at: number) => void) =>
  Array.from({ length: count }, (_, at) => work(at));

describe('between parties', () => {
  test('who came later waits for one turn of a flood, not for all of it, however many its addresses', async () => {
    const { served, come, end } = turns();
    times(20, (at) => come('flood', `address ${at}`));
    come('quiet');
    await end();
    expect(served.at(-1)).toBe('quiet one');
    come('quiet');
    await end();
    await end();
    expect(served.filter((name) => name === 'quiet one')).toHaveLength(2);
  });

  test('whose turns cost more has fewer of them', async () => {
    const { served, come, end } = turns();
    times(30, () => {
      come('dear');
      come('cheap');
    });
    for (let turn = 0; turn < 20; turn++) await end(served.at(-1) === 'dear one' ? 90 : 10);
    const dear = served.filter((name) => name === 'dear one').length;
    expect(dear).toBeGreaterThanOrEqual(2);
    expect(dear).toBeLessThanOrEqual(3);
  });

  test('who was away has no turns in store: it does not keep others waiting afterwards', async () => {
    const { served, come, end } = turns();
    times(50, () => come('busy'));
    for (let turn = 0; turn < 30; turn++) await end();
    served.length = 0;
    times(10, () => come('late'));
    for (let turn = 0; turn < 10; turn++) await end();
    expect(served.filter((name) => name === 'late one').length).toBeLessThanOrEqual(6);
  });

  test('of two places one is for each of two parties', async () => {
    const { served, come, end } = turns({ concurrency: 2 });
    times(10, () => come('slow'));
    come('quick');
    await end(1);
    // the other turn of the slow one goes on for ever: the quick one has this place to itself
    for (let turn = 0; turn < 5; turn++) {
      come('quick');
      await end(1, 1);
    }
    expect(served.filter((name) => name === 'slow one')).toHaveLength(2);
  });
});

test('within a party its addresses take turns', async () => {
  const { served, come, end } = turns();
  times(10, () => come('project', 'flood'));
  come('project', 'quiet');
  await end();
  expect(served).toEqual(['project flood', 'project quiet']);
});

describe('when no more may wait', () => {
  test('who has most waiting makes room, with the newest of theirs', async () => {
    const { fair, served, refused, come, settled, end } = turns({ queueLength: 4 });
    times(5, (at) => come('flood', 'one', `flood ${at}`));
    come('quiet');
    await settled();
    expect(refused).toEqual(['flood 4']);
    expect(fair.load).toEqual({ running: 1, waiting: 4, refused: 1 });
    for (let turn = 0; turn < 5; turn++) await end();
    expect(served).toEqual(['flood 0', 'quiet one', 'flood 1', 'flood 2', 'flood 3']);
    expect(fair.load).toEqual({ running: 0, waiting: 0, refused: 1 });
  });

  test('within a party it is the address with most', async () => {
    const { refused, come, settled } = turns({ queueLength: 3 });
    times(4, (at) => come('project', 'flood', `flood ${at}`));
    come('project', 'quiet');
    await settled();
    expect(refused).toEqual(['flood 3']);
  });

  test('whoever comes to a queue that is theirs alone is sent away themselves', async () => {
    const { refused, come, settled } = turns({ queueLength: 2 });
    times(6, (at) => come('flood', 'one', `flood ${at}`));
    await settled();
    expect(refused).toEqual(['flood 3', 'flood 4', 'flood 5']);
  });
});

test('work that fails gives its turn on', async () => {
  const { fair } = turns();
  const failing = fair.inTurn('a', 'one', () => Promise.reject(new Error('no')));
  const next = fair.inTurn('a', 'one', () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('no');
  await expect(next).resolves.toBe('done');
  expect(fair.load).toEqual({ running: 0, waiting: 0, refused: 0 });
});
