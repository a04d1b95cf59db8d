import { expect, test } from 'vitest';
import { Refused } from '../errors.ts';
import { LongWork } from './long-work.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const make = () => new LongWork({ now: () => new Date(0) }, quiet);
const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

test('one of a kind at a time; how far it is and how it ended can be read', async () => {
  const [work, gate] = [make(), Promise.withResolvers<string>()];
  const progress = { at: 'log', doing: 'reading', done: 1, total: 4, secondsLeft: null };
  const run = (tell: (how: typeof progress) => void) => {
    tell(progress);
    return gate.promise;
  };
  expect(work.start({ name: 'verify', by: 'me', run })).toMatchObject({ state: 'running', by: 'me' });
  expect(work.reports()).toMatchObject([{ work: 'verify', state: 'running', progress, endedAt: null }]);
  expect(() => work.start({ name: 'verify', by: 'other', run })).toThrow(
    expect.objectContaining({ code: 'platform/work-under-way' }),
  );
  work.start({ name: 'replay', by: 'other', run: () => Promise.resolve('other') });
  gate.resolve('fine');
  await settle();
  expect(work.reports()).toMatchObject([
    { work: 'verify', state: 'done', result: 'fine', endedAt: new Date(0) },
    { work: 'replay', state: 'done', result: 'other' },
  ]);
  work.start({ name: 'verify', by: 'me', run: () => new Promise(() => {}) });
  expect(work.reports()[0]).toMatchObject({ state: 'running', result: null });
});

test('one that fails says why in our own words, and another one may follow', async () => {
  const work = make();
  work.start({ name: 'replay', by: 'me', run: () => Promise.reject(new Refused('the disk is full')) });
  await settle();
  expect(work.reports()).toMatchObject([{ state: 'failed', error: 'the disk is full' }]);
  work.start({ name: 'replay', by: 'me', run: () => Promise.reject(new Error('secret of a bug')) });
  await settle();
  expect(work.reports()).toMatchObject([{ state: 'failed', error: 'unexpected Error' }]);
});

test('a stop tells what runs, and waits for it', async () => {
  const work = make();
  work.start({
    name: 'replay',
    by: 'me',
    run: (_tell, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('cut short'))),
  });
  await work.stop();
  expect(work.reports()).toMatchObject([{ state: 'done', result: 'cut short' }]);
});
