import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UploadLocks } from './upload-locks.ts';

const never = new AbortController().signal;

test('one at a time, in the order in which they came', async () => {
  const locks = new UploadLocks(1_000).of('p', { asks: false });
  const done: number[] = [];
  let under = 0;
  await Promise.all(
    [1, 2, 3].map(async (number) => {
      const lock = locks.newLock('a');
      await lock.lock(never, () => {});
      expect(++under).toBe(1);
      await sleep(2);
      done.push(number);
      under--;
      await lock.unlock();
    }),
  );
  expect(done).toEqual([1, 2, 3]);
});

test('who waits too long is told so, and the lock is whose it was', async () => {
  const locks = new UploadLocks(10).of('p', { asks: false });
  const [first, second] = [locks.newLock('a'), locks.newLock('a')];
  let isAsked = false;
  await first.lock(never, () => void (isAsked = true));
  await expect(second.lock(never, () => {})).rejects.toMatchObject({ status_code: 423 });
  // as the library does, whatever became of it
  await second.unlock();
  await expect(locks.newLock('a').lock(never, () => {})).rejects.toMatchObject({ status_code: 423 });
  expect(isAsked).toBe(false);
  await first.unlock();
  await second.lock(never, () => {});
});

test('who lets go twice does not let go what is another’s by then', async () => {
  const locks = new UploadLocks(10).of('p', { asks: false });
  const [first, second] = [locks.newLock('a'), locks.newLock('a')];
  await first.lock(never, () => {});
  await first.unlock();
  await second.lock(never, () => {});
  await first.unlock();
  await expect(locks.newLock('a').lock(never, () => {})).rejects.toMatchObject({ status_code: 423 });
});

test('who only wants to know how far it is has the other let go', async () => {
  const locks = new UploadLocks(5_000);
  const holder = locks.of('p', { asks: false }).newLock('a');
  await holder.lock(never, () => void sleep(5).then(() => holder.unlock()));
  await locks
    .of('p', { asks: true })
    .newLock('a')
    .lock(never, () => {});
});

test('uploads and places have locks of their own', async () => {
  const locks = new UploadLocks(10);
  await locks
    .of('p', { asks: false })
    .newLock('a')
    .lock(never, () => {});
  await locks
    .of('p', { asks: false })
    .newLock('b')
    .lock(never, () => {});
  await locks
    .of('q', { asks: false })
    .newLock('a')
    .lock(never, () => {});
});
