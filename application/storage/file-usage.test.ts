import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { DiskObjectStore } from '../../infrastructure/storage/disk-object-store.ts';
import { DiskUploadSpool } from '../../infrastructure/storage/disk-upload-spool.ts';
import { unavailable } from '../errors.ts';
import { newProject } from '../ports/databases.contract.ts';
import { inPieces, newVersion, objectStoreContract } from '../ports/object-store.contract.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { newUpload, uploadSpoolContract } from '../ports/upload-spool.contract.ts';
import { CountedObjectStore } from './counted-object-store.ts';
import { CountedUploadSpool } from './counted-upload-spool.ts';
import { FileUsage, type RoomLimits } from './file-usage.ts';
import type { Pace } from './metered-bytes.ts';

const NO_LIMITS: RoomLimits = { totalBytes: null, files: null };
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0)) await one();
});

async function build(limits: RoomLimits = NO_LIMITS, pace?: Pace) {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-usage-'));
  const disk = await DiskObjectStore.open(folder);
  const usage = new FileUsage({ store: disk, limitsOf: () => Promise.resolve(limits) });
  const close = () => rm(folder, { recursive: true, force: true });
  return { disk, usage, store: new CountedObjectStore(disk, usage, pace), folder, close };
}

async function make(limits: RoomLimits = NO_LIMITS, pace?: Pace) {
  const built = await build(limits, pace);
  undo.push(built.close);
  return built;
}

objectStoreContract('counted', async () => {
  const { store, close } = await build();
  return { store, pageful: 10, close };
});

uploadSpoolContract('counted', async () => {
  const { usage, folder, close } = await build();
  const again = async () => new CountedUploadSpool(await DiskUploadSpool.open(folder, 5), usage);
  return { spool: await again(), mostUploads: 5, again, close };
});

const bytes = (size: number) => inPieces(randomBytes(size), 100);
const totalOf = async (store: ObjectStore, project = newProject()) => {
  const found = { files: 0, bytes: 0 };
  for await (const { size } of store.list(project)) {
    found.files++;
    found.bytes += size;
  }
  return found;
};

test('what was there before is counted, and what comes and goes afterwards', async () => {
  const { disk, store, usage } = await make();
  const project = newProject();
  const [old, later] = [newVersion(), newVersion()];
  await disk.put(project, old, bytes(1_000));
  await disk.put(project, newVersion(), bytes(10));
  expect(await usage.of(project)).toEqual({ files: 2, bytes: 1_010 });
  await store.put(project, later, bytes(500));
  expect(await usage.of(project)).toEqual({ files: 3, bytes: 1_510 });
  await store.remove(project, [old, newVersion()]);
  expect(await usage.of(project)).toEqual({ files: 2, bytes: 510 });
  await store.removeAll(project);
  expect(await usage.of(project)).toEqual({ files: 0, bytes: 0 });
});

test('the byte that is too much ends an upload, and leaves nothing of it', async () => {
  const { store, usage } = await make({ totalBytes: 1_000, files: null });
  const project = newProject();
  const first = newVersion();
  await store.put(project, first, bytes(600));
  await expect(store.put(project, newVersion(), bytes(401))).rejects.toMatchObject({ code: 'QuotaExceeded' });
  const source = new PassThrough();
  const putting = store.put(project, newVersion(), source);
  putting.catch(() => {});
  source.write(randomBytes(401));
  // it does not wait for the end of it
  await expect(putting).rejects.toMatchObject({ code: 'QuotaExceeded' });
  expect(source.destroyed).toBe(true);
  await store.put(project, newVersion(), bytes(400));
  expect(await usage.of(project)).toEqual({ files: 2, bytes: 1_000 });
  expect(await totalOf(store, project)).toEqual({ files: 2, bytes: 1_000 });
  await store.remove(project, [first]);
  await store.put(project, newVersion(), bytes(600));
  expect(await totalOf(store, project)).toEqual({ files: 2, bytes: 1_000 });
});

test('many at once get no more than one after the other, in bytes and in files', async () => {
  for (const limits of [
    { totalBytes: 1_000, files: null },
    { totalBytes: null, files: 10 },
  ]) {
    const { store, usage } = await make(limits);
    const project = newProject();
    const tries = Array.from({ length: 30 }, () => store.put(project, newVersion(), bytes(100)));
    const outcomes = await Promise.allSettled(tries);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused.length).toBeGreaterThanOrEqual(20);
    for (const error of refused) expect(error).toMatchObject({ code: 'QuotaExceeded' });
    const { files, bytes: stored } = await totalOf(store, project);
    expect(files).toBe(30 - refused.length);
    expect(stored).toBeLessThanOrEqual(1_000);
    expect(await usage.of(project)).toEqual({ files, bytes: stored });
  }
});

test('parts of uploads have room beside files, as long as they are there; the file that they become has it, too', async () => {
  const { store, usage, folder } = await make({ totalBytes: 1_000, files: null });
  const disk = await DiskUploadSpool.open(folder);
  const project = newProject();
  const [first, second] = [newUpload(), newUpload()];
  await disk.begin(project, first, {});
  await disk.append(project, first, 1, 0, bytes(300));
  const spool = new CountedUploadSpool(disk, usage);
  await spool.begin(project, second, {});
  await store.put(project, newVersion(), bytes(200));
  await spool.putPart(project, second, 1, bytes(500));
  const refused = { code: 'QuotaExceeded' };
  await expect(spool.append(project, first, 1, 300, bytes(1))).rejects.toMatchObject(refused);
  await expect(spool.putPart(project, second, 2, bytes(1))).rejects.toMatchObject(refused);
  // in the place of the first
  await expect(spool.putPart(project, second, 1, bytes(501))).rejects.toMatchObject(refused);
  await store.putFile(project, newVersion(), await spool.fileOf(project, second, 1));
  await spool.end(project, second);
  await expect(spool.append(project, first, 1, 300, bytes(1))).rejects.toMatchObject(refused);
  await spool.append(project, first, 1, 100, bytes(200));
  await spool.removeAll(project);
  expect(await usage.of(project)).toEqual({ files: 2, bytes: 700 });
  await spool.begin(project, first, {});
  expect(await spool.append(project, first, 1, 0, bytes(300))).toBe(300);
  await expect(spool.append(project, first, 1, 300, bytes(1))).rejects.toMatchObject(refused);
});

test('a file that has no room beside the others does not become one', async () => {
  for (const [limits, is] of [
    [{ totalBytes: 999, files: null }, 'refused'],
    [{ totalBytes: null, files: 1 }, 'refused'],
    [{ totalBytes: 1_000, files: 2 }, 'stored'],
  ] as const) {
    const { store, disk, usage, folder } = await make(limits);
    const spool = await DiskUploadSpool.open(folder);
    const [project, id] = [newProject(), newUpload()];
    await disk.put(project, newVersion(), bytes(500));
    await spool.begin(project, id, {});
    await spool.append(project, id, 1, 0, bytes(500));
    const outcome = await store
      .putFile(project, newVersion(), await spool.fileOf(project, id, 1))
      .then(() => 'stored')
      .catch(({ code }: { code: string }) => (code === 'QuotaExceeded' ? 'refused' : code));
    expect(outcome).toBe(is);
    const files = is === 'stored' ? 2 : 1;
    expect(await totalOf(disk, project)).toEqual({ files, bytes: files * 500 });
    expect(await usage.of(project)).toEqual({ files, bytes: files * 500 });
  }
});

test('an append that breaks off is counted for what it brought', async () => {
  const { usage, folder } = await make({ totalBytes: 1_000, files: null });
  const spool = new CountedUploadSpool(await DiskUploadSpool.open(folder), usage);
  const [project, id] = [newProject(), newUpload()];
  await spool.begin(project, id, {});
  const source = new PassThrough();
  const appending = spool.append(project, id, 1, 0, source);
  appending.catch(() => {});
  source.write(randomBytes(600));
  await expect.poll(async () => (await spool.find(project, id))?.parts[0]?.size).toBe(600);
  source.destroy(new Error('gone'));
  await expect(appending).rejects.toThrow('gone');
  await expect(spool.append(project, id, 1, 600, bytes(401))).rejects.toMatchObject({
    code: 'QuotaExceeded',
  });
  const { parts } = (await spool.find(project, id))!;
  const left = 1_000 - parts[0]!.size;
  expect(await spool.append(project, id, 1, parts[0]!.size, bytes(left))).toBe(1_000);
});

test('clients that go away leave nothing counted', async () => {
  const { store } = await make({ totalBytes: 1_000, files: 1 });
  const project = newProject();
  for (let round = 0; round < 5; round++) {
    const source = new PassThrough();
    const putting = store.put(project, newVersion(), source);
    putting.catch(() => {});
    source.write(randomBytes(900));
    await new Promise((resolve) => setTimeout(resolve, 5));
    source.destroy(new Error('gone'));
    await expect(putting).rejects.toThrow('gone');
  }
  await store.put(project, newVersion(), bytes(1_000));
  expect(await totalOf(store, project)).toEqual({ files: 1, bytes: 1_000 });
});

test('who sends too little in a stretch of time is ended; who reads may take as long as they like', async () => {
  const { store } = await make(NO_LIMITS, { everyMs: 50, leastBytes: 100 });
  const drip = new PassThrough();
  const dripping = setInterval(() => drip.write('x'), 10);
  await expect(store.put(newProject(), newVersion(), drip)).rejects.toMatchObject({ code: 'RequestTimeout' });
  clearInterval(dripping);

  const slowDisk: ObjectStore = {
    ...({} as ObjectStore),
    put: async (_project, _version, source) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const got = await buffer(source);
      return { size: got.length, md5: '' };
    },
  };
  const usage = new FileUsage({ store: slowDisk, limitsOf: () => Promise.resolve(NO_LIMITS) });
  const slow = new CountedObjectStore(slowDisk, usage, { everyMs: 50, leastBytes: 100 });
  expect(await slow.put(newProject(), newVersion(), bytes(300_000))).toMatchObject({ size: 300_000 });
});

test('what comes and goes while it is counted is not lost', async () => {
  const { disk, store, usage } = await make();
  const project = newProject();
  for (let index = 0; index < 20; index++) await disk.put(project, newVersion(), bytes(10));
  const listing = usage.listed(project);
  await listing.next();
  await Promise.all(Array.from({ length: 20 }, () => store.put(project, newVersion(), bytes(5))));
  for await (const one of listing) expect(one.size).toBeGreaterThan(0);
  expect(await usage.of(project)).toEqual({ files: 40, bytes: 300 });
});

test('who has a limit is told when nobody can count; who has none stores all the same', async () => {
  const away = async function* away() {
    await Promise.resolve();
    yield* [];
    throw unavailable('storage', 'list files');
  };
  const { disk } = await make();
  for (const [limits, is] of [
    [NO_LIMITS, 'stored'],
    [{ totalBytes: 1_000, files: null }, 'refused'],
  ] as const) {
    const usage = new FileUsage({ store: { list: away }, limitsOf: () => Promise.resolve(limits) });
    const store = new CountedObjectStore(disk, usage);
    const putting = store.put(newProject(), newVersion(), Readable.from([Buffer.from('some')]));
    if (is === 'stored') expect(await putting).toMatchObject({ size: 4 });
    else await expect(putting).rejects.toThrow('could not list files');
  }
});
