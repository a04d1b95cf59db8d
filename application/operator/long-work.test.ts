import { expect, test } from 'vitest';
import type { WorkBoard, WorkName, WorkReport } from '../background/work-board.ts';
import { Refused } from '../errors.ts';
import { LongWork } from './long-work.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const make = () => new LongWork(boardOfOne(), { now: () => new Date(0) }, quiet);
const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Of one process: what others see is the board's own test. */
function boardOfOne(): WorkBoard {
  const reports = new Map<WorkName, WorkReport>();
  const change = (work: WorkName, changed: Partial<WorkReport>) =>
    void reports.set(work, { ...(reports.get(work) as WorkReport), ...changed });
  return {
    begin(work, by, startedAt) {
      if (reports.get(work)?.state === 'running') return Promise.resolve(undefined);
      const nothing = { endedAt: null, progress: null, result: null, error: null };
      reports.set(work, { work, by, startedAt, state: 'running', ...nothing });
      return Promise.resolve({
        tell: (progress) => change(work, { progress }),
        end: (how) => Promise.resolve(change(work, how)),
      });
    },
    read: () => Promise.resolve([...reports.values()]),
  };
}

test('one of a kind at a time; how far it is and how it ended can be read', async () => {
  const [work, gate] = [make(), Promise.withResolvers<string>()];
  const progress = { at: 'log', doing: 'reading', done: 1, total: 4, secondsLeft: null };
  const run = (tell: (how: typeof progress) => void) => {
    tell(progress);
    return gate.promise;
  };
  expect(await work.start({ name: 'verify', by: 'me', run })).toMatchObject({ state: 'running', by: 'me' });
  expect(await work.reports()).toMatchObject([{ work: 'verify', state: 'running', progress, endedAt: null }]);
  await expect(work.start({ name: 'verify', by: 'other', run })).rejects.toThrow(
    expect.objectContaining({ code: 'platform/work-under-way' }) as Error,
  );
  await work.start({ name: 'replay', by: 'other', run: () => Promise.resolve('other') });
  gate.resolve('fine');
  await settle();
  expect(await work.reports()).toMatchObject([
    { work: 'verify', state: 'done', result: 'fine', endedAt: new Date(0) },
    { work: 'replay', state: 'done', result: 'other' },
  ]);
  await work.start({ name: 'verify', by: 'me', run: () => new Promise(() => {}) });
  expect((await work.reports())[0]).toMatchObject({ state: 'running', result: null });
});

test('one that fails says why in our own words, and another one may follow', async () => {
  const work = make();
  const failing = (error: Error) =>
    work.start({ name: 'replay', by: 'me', run: () => Promise.reject(error) }).then(settle);
  await failing(new Refused('the disk is full'));
  expect(await work.reports()).toMatchObject([{ state: 'failed', error: 'the disk is full' }]);
  await failing(new Error('secret of a bug'));
  expect(await work.reports()).toMatchObject([{ state: 'failed', error: 'unexpected Error' }]);
});

test('a stop tells what runs, waits for it, and it is known to have been cut short', async () => {
  const work = make();
  await work.start({
    name: 'replay',
    by: 'me',
    run: (_tell, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('cut short')));
      }),
  });
  await work.stop();
  expect(await work.reports()).toMatchObject([
    { state: 'failed', error: 'the platform was stopped before it was done' },
  ]);
});
