import { beforeEach, expect, test, vi } from 'vitest';
import { UploadQueue, type Heard, type NewUpload } from './upload-queue.ts';

interface Sending {
  readonly heard: Heard;
  readonly did: string[];
}
let sending: Map<string, Sending>;
let finished: string[];
let asked: string[];
let queue: UploadQueue;

beforeEach(() => {
  sending = new Map();
  finished = [];
  asked = [];
  queue = new UploadQueue(
    ({ path, replaces }, heard) => {
      asked.push(`${path} ${replaces}`);
      if (path === 'broken') return Promise.reject(new Error('not loaded'));
      const did: string[] = [];
      sending.set(path, { heard, did });
      const note = (what: string) => () => {
        did.push(what);
        return Promise.resolve();
      };
      return Promise.resolve({ start: note('start'), pause: note('pause'), cancel: note('cancel') });
    },
    ({ path }) => finished.push(path),
  );
});

const upload = (path: string): NewUpload => ({
  bucket: 'b',
  path,
  file: new File(['12345'], path),
  replaces: false,
});
const add = (...paths: string[]) => queue.add(...paths.map(upload));
const states = () => queue.snapshot().map(({ path, state }) => `${path} ${state}`);
const idOf = (path: string) => queue.snapshot().find((one) => one.path === path)?.id ?? 0;
const begun = async (...paths: string[]) => {
  await vi.waitFor(() =>
    expect(paths.map((path) => sending.get(path)?.did[0])).toEqual(paths.map(() => 'start')),
  );
};
const of = (path: string) => sending.get(path) as Sending;

test('three are sent at a time, and the next when one is done', async () => {
  add('1', '2', '3', '4');
  await begun('1', '2', '3');
  expect(states()).toEqual(['1 sending', '2 sending', '3 sending', '4 waiting']);
  of('2').heard.progress(3);
  expect(queue.snapshot()[1]).toMatchObject({ sent: 3, size: 5 });
  of('2').heard.done();
  await begun('4');
  expect(states()).toEqual(['1 sending', '2 done', '3 sending', '4 sending']);
  expect([finished, queue.snapshot()[1]?.sent, queue.isBusy]).toEqual([['2'], 5, true]);
});

test('one that is paused lets another go first, and goes on with the same sender', async () => {
  add('1', '2', '3', '4');
  await begun('1', '2', '3');
  await queue.pause(idOf('1'));
  await begun('4');
  queue.resume(idOf('1'));
  expect(states()[0]).toBe('1 waiting');
  of('3').heard.done();
  await vi.waitFor(() => expect(of('1').did).toEqual(['start', 'pause', 'start']));
});

test('one that is cancelled is gone, with what was sent of it', async () => {
  add('1', '2', '3', '4');
  await begun('1', '2', '3');
  await queue.cancel(idOf('1'));
  await begun('4');
  expect([of('1').did, states()]).toEqual([
    ['start', 'cancel'],
    ['2 sending', '3 sending', '4 sending'],
  ]);
  // what still comes of it is of nobody
  of('1').heard.done();
  expect([states().length, finished]).toEqual([3, []]);
});

test('one that is cancelled before its sender is there is never sent', async () => {
  add('1');
  await queue.cancel(idOf('1'));
  await vi.waitFor(() => expect(sending.has('1')).toBe(true));
  await Promise.resolve();
  expect([of('1').did, queue.isBusy]).toEqual([[], false]);
});

test('one that failed says why, holds nobody up, and is tried again', async () => {
  add('broken', '1', '2', '3');
  await begun('1', '2', '3');
  expect(queue.snapshot()[0]).toMatchObject({ state: 'failed', error: new Error('not loaded') });
  of('1').heard.failed(new Error('refused'));
  expect(states()).toContain('1 failed');
  queue.resume(idOf('1'));
  await vi.waitFor(() => expect(of('1').did).toEqual(['start', 'start']));
});

test('one that failed is sent anew in the place of what is there', async () => {
  add('1');
  await begun('1');
  const first = of('1');
  queue.replace(idOf('1'));
  expect([asked, states()]).toEqual([['1 false'], ['1 sending']]);
  first.heard.failed(new Error('exists'));
  queue.replace(idOf('1'));
  await vi.waitFor(() => expect(asked).toEqual(['1 false', '1 true']));
  await begun('1');
  expect(first.did).toEqual(['start']);
});

test('those that are done can be taken off the list, and nothing is told twice', async () => {
  add('1', '2');
  await begun('1', '2');
  const heard = vi.fn<() => void>();
  const stop = queue.subscribe(heard);
  of('1').heard.done();
  queue.clearDone();
  expect(states()).toEqual(['2 sending']);
  const before = queue.snapshot();
  expect(queue.snapshot()).toBe(before);
  const times = heard.mock.calls.length;
  stop();
  of('2').heard.done();
  expect(heard.mock.calls.length).toBe(times);
});
