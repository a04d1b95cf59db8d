import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { testFolder, type TestFolder } from '../testing/folder.ts';
import { FolderLock } from './folder-lock.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

let files = 0;
const newFile = () => join(folder.path, `lock-${files++}`);
const quick = { touchEveryMs: 50, deadAfterMs: 1_000, waitMs: 200 };

test('one has it; the next one gets it when it is given back', async () => {
  const file = newFile();
  const first = await FolderLock.take(file, quick);
  await expect(FolderLock.take(file, quick)).rejects.toThrow(Refused);
  const waiting = FolderLock.take(file, { ...quick, waitMs: 10_000 });
  await first.release();
  const second = await waiting;
  expect([await first.isHeld(), await second.isHeld()]).toEqual([false, true]);
  await second.release();
});

test('it stays with its holder, however long they work', async () => {
  const file = newFile();
  const lock = await FolderLock.take(file, quick);
  await expect(FolderLock.take(file, { ...quick, waitMs: 3_000 })).rejects.toThrow(Refused);
  expect(await lock.isHeld()).toBe(true);
  await lock.release();
});

test('of a process of this machine that died it is taken at once, and of one elsewhere when it is not touched', async () => {
  const here = newFile();
  await writeFile(here, `${hostname()} 1 a-run-before some-nonce`);
  await (await FolderLock.take(here, quick)).release();
  const elsewhere = newFile();
  await writeFile(elsewhere, 'another-machine 1 1 some-nonce');
  await expect(FolderLock.take(elsewhere, quick)).rejects.toThrow(Refused);
  await (await FolderLock.take(elsewhere, { ...quick, waitMs: 3_000 })).release();
});

test.each([-3_600_000, 3_600_000])(
  'a clock that is set by %i ms takes nothing from its holder',
  async (byMs) => {
    const file = newFile();
    const time = new Date(Date.now() + byMs);
    await writeFile(file, 'another-machine 1 1 some-nonce');
    await utimes(file, time, time);
    await expect(FolderLock.take(file, quick)).rejects.toThrow(Refused);
  },
);

test('of many that see a dead holder exactly one gets it', async () => {
  for (let round = 0; round < 5; round++) {
    const file = newFile();
    await writeFile(file, `${hostname()} 1 a-run-before some-nonce`);
    const takers = Array.from({ length: 8 }, () => FolderLock.take(file, { ...quick, waitMs: 0 }));
    const won = (await Promise.allSettled(takers)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    expect(won).toHaveLength(1);
    for (const lock of won) await lock.release();
  }
});

test('who was taken for dead learns that they have lost it; lost with its folder, they have it still', async () => {
  const file = newFile();
  const lock = await FolderLock.take(file, quick);
  await rm(file);
  await vi.waitFor(async () => expect(await readFile(file, 'utf8')).not.toBe(''), { timeout: 5_000 });
  expect(await lock.isHeld()).toBe(true);
  await writeFile(file, 'another-machine 1 1 some-nonce');
  expect(await lock.isHeld()).toBe(false);
  await lock.release();
  expect(await readFile(file, 'utf8')).toContain('another-machine');
});
