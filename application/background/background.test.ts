import { expect, test } from 'vitest';
import { Background, type PeriodicTask } from './background.ts';

/** Time passes when somebody says so. */
function makeBackground() {
  let elapsed = 0;
  const sleeping = new Set<{ until: number; done: () => void }>();
  const said: unknown[] = [];
  const clock = {
    now: () => new Date(elapsed),
    elapsedMs: () => elapsed,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        const sleeper = { until: elapsed + ms, done: resolve };
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve());
        sleeping.add(sleeper);
      }),
  };
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const pass = async (ms: number) => {
    await settle();
    elapsed += ms;
    for (const sleeper of [...sleeping].filter(({ until }) => until <= elapsed)) {
      sleeping.delete(sleeper);
      sleeper.done();
    }
    await settle();
  };
  const warn = (fields: Record<string, unknown>, message: string) =>
    void said.push([fields['task'], message]);
  const log = { debug() {}, info() {}, warn, error() {} };
  return { background: new Background(clock, log), pass, said, work: (ms: number) => void (elapsed += ms) };
}

const task = (run: PeriodicTask['run'], more: Partial<PeriodicTask> = {}): PeriodicTask => ({
  name: 'count',
  everyMs: 100,
  failed: 'could not count',
  run,
  ...more,
});

test('a run at once and one after each pause, counted from the end of the one before', async () => {
  const { background, pass, work } = makeBackground();
  let runs = 0;
  const running = background.start(
    task(() => {
      runs++;
      work(30);
      return Promise.resolve();
    }),
  );
  await pass(0);
  expect(runs).toBe(1);
  await pass(99);
  expect(runs).toBe(1);
  await pass(1);
  expect(runs).toBe(2);
  expect(background.reports()).toEqual([
    {
      name: 'count',
      runs: 2,
      failures: 0,
      last: { endedAt: new Date(160), tookMs: 30, failure: null, nextAt: new Date(260) },
    },
  ]);
  await running.stop();
  await pass(1_000);
  expect(runs).toBe(2);
});

test('a failed run is told and counted, and the next one comes all the same', async () => {
  const { background, pass, said } = makeBackground();
  const running = background.start(task(() => Promise.reject(new Error('no'))));
  await pass(0);
  await pass(100);
  expect(said).toEqual([
    ['count', 'could not count'],
    ['count', 'could not count'],
  ]);
  expect(background.reports()).toMatchObject([
    { runs: 2, failures: 2, last: { failure: 'unexpected Error' } },
  ]);
  await running.stop();
});

test('whoever wakes it has a run before its time; during a run, one after it', async () => {
  const { background, pass } = makeBackground();
  let [runs, wake, isListening] = [0, () => {}, false];
  let gate = Promise.resolve();
  const wakeOn = (woken: () => void) => {
    [wake, isListening] = [woken, true];
    return () => void (isListening = false);
  };
  const running = background.start(
    task(
      async () => {
        runs++;
        await gate;
      },
      { wakeOn },
    ),
  );
  await pass(0);
  const opened = Promise.withResolvers<void>();
  gate = opened.promise;
  wake();
  await pass(0);
  expect(runs).toBe(2);
  wake();
  gate = Promise.resolve();
  opened.resolve();
  await pass(0);
  expect(runs).toBe(3);
  await pass(0);
  expect(runs).toBe(3);
  await running.stop();
  expect(isListening).toBe(false);
});

test('a stop tells the run under way, and waits for it', async () => {
  const { background, pass } = makeBackground();
  let isOver = false;
  const running = background.start(
    task(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      isOver = true;
    }),
  );
  await pass(0);
  await running.stop();
  expect(isOver).toBe(true);
});

test('the pause may follow from how long the run took, and come before the first one', async () => {
  const { background, pass, work } = makeBackground();
  let runs = 0;
  const everyMs = (tookMs: number) => 10 + 2 * tookMs;
  const run = () => {
    runs++;
    work(50);
    return Promise.resolve();
  };
  const running = background.start(task(run, { everyMs, atOnce: false }));
  await pass(9);
  expect(runs).toBe(0);
  await pass(1);
  expect(runs).toBe(1);
  await pass(109);
  expect(runs).toBe(1);
  await pass(1);
  expect(runs).toBe(2);
  await running.stop();
});
