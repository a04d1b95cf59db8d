import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { DigestThreads } from './digest-threads.ts';

const MIB = 1024 * 1024;
const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'launchdb-digests-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

let threads: DigestThreads;
let started: Worker[];
const note = (worker: Worker) => started.push(worker);
beforeEach(() => {
  threads = new DigestThreads(1);
  started = [];
  process.on('worker', note);
  return async () => {
    process.off('worker', note);
    for (const worker of started) await worker.terminate();
  };
});

/** A file that has all of it, told piece by piece as if it had come so. */
async function written(name: string, bytes: Buffer, pieceBytes = 100_000) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const digest = threads.of(path);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    digest.update(piece);
    digest.written(piece.length);
  }
  return digest;
}

/** Those of this process's that are open. */
async function opened(): Promise<string[]> {
  const files = await readdir('/proc/self/fd');
  const paths = await Promise.all(files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

test.each([0, 1, 128 * 1024, 128 * 1024 + 1, 5 * MIB + 1])(
  '%i bytes have the digest of MD5',
  async (size) => {
    const bytes = randomBytes(size);
    const digest = await written(`size-${size}`, bytes);
    expect([digest.size, await digest.end()]).toEqual([size, md5Of(bytes)]);
    expect(started).toHaveLength(size > 128 * 1024 ? 1 : 0);
  },
);

test.each([0, MIB + 1])('a file of %i bytes that is whole has it, too', async (size) => {
  const [path, bytes] = [join(folder, `whole-${size}`), randomBytes(size)];
  await writeFile(path, bytes);
  expect(await threads.ofWhole(path, size)).toBe(md5Of(bytes));
  await expect(threads.ofWhole(path, size + 1)).rejects.toThrow(Unavailable);
});

test('many at once are those of one thread each, and do not mix', async () => {
  threads = new DigestThreads(2);
  const all = Array.from({ length: 12 }, (_, index) => randomBytes(MIB + index));
  const digests = await Promise.all(all.map((bytes, index) => written(`many-${index}`, bytes)));
  expect(await Promise.all(digests.map((digest) => digest.end()))).toEqual(all.map(md5Of));
  expect(started).toHaveLength(2);
  expect(await opened()).toEqual([]);
});

test('only what was written is read, however much is there', async () => {
  const path = join(folder, 'more');
  const bytes = randomBytes(MIB);
  await writeFile(path, Buffer.concat([bytes, bytes]));
  const digest = threads.of(path);
  digest.update(bytes);
  digest.written(MIB);
  expect(await digest.end()).toBe(md5Of(bytes));
});

test('a file that is gone, or has less than was written, fails alone', async () => {
  const [good, gone, short] = [
    await written('good', randomBytes(MIB)),
    threads.of(join(folder, 'no')),
    threads.of(join(folder, 'short')),
  ];
  await writeFile(join(folder, 'short'), 'x');
  for (const digest of [gone, short]) {
    digest.update(randomBytes(MIB));
    digest.written(MIB);
    await expect(digest.end()).rejects.toThrow(Unavailable);
    digest.drop();
  }
  expect(await good.end()).toMatch(/^[0-9a-f]{32}$/);
  expect(started).toHaveLength(1);
  expect(await opened()).toEqual([]);
});

test('what is dropped is let go of, and nobody is told anything', async () => {
  const digest = await written('dropped', randomBytes(4 * MIB));
  await vi.waitFor(async () => expect(await opened()).toHaveLength(1), 5_000);
  digest.drop();
  await vi.waitFor(async () => expect(await opened()).toEqual([]), 5_000);
  const bytes = randomBytes(MIB);
  expect(await (await written('after', bytes)).end()).toBe(md5Of(bytes));
});

test('a thread that ends by itself fails what it was at, and the next has another', async () => {
  const bytes = randomBytes(MIB);
  const [one, other] = [await written('one', bytes), await written('other', bytes)];
  await started[0]?.terminate();
  await expect(one.end()).rejects.toThrow(Unavailable);
  await expect(other.end()).rejects.toThrow(Unavailable);
  const next = await written('next', bytes);
  expect(await next.end()).toBe(md5Of(bytes));
  expect(started).toHaveLength(2);
});

test('one that cannot start fails them, too', async () => {
  threads = new DigestThreads(1, new URL('data:text/javascript,throw new Error("no")'));
  const digest = await written('never', randomBytes(MIB));
  await expect(digest.end()).rejects.toMatchObject({ name: 'Unavailable', cause: { message: 'no' } });
});
