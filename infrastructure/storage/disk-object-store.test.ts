import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { Refused, Unavailable } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { inPieces, newVersion, objectStoreContract } from '../../application/ports/object-store.contract.ts';
import { BytesMissing, StoreFull } from '../../application/ports/object-store.ts';
import { DigestThreads } from './digest-threads.ts';
import { DiskObjectStore } from './disk-object-store.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-files-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

objectStoreContract('disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-files-'));
  return {
    store: await DiskObjectStore.open(folder),
    pageful: 40,
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => !one.isDirectory());

test('what was written is let go of, and of memory that others share nothing', async () => {
  const store = await DiskObjectStore.open(await makeFolder());
  const [own, shared] = [randomBytes(70_000), randomBytes(70_000)];
  const [project, version, bytes] = [newProject(), newVersion(), Buffer.concat([own, shared.subarray(1)])];
  await store.put(project, version, Readable.from([own, shared.subarray(1)], { objectMode: false }));
  expect([own.length, shared.length]).toEqual([0, 70_000]);
  expect((await buffer((await store.open(project, version)).bytes)).equals(bytes)).toBe(true);
});

test('without a checksum nothing is stored', async () => {
  const folder = await makeFolder();
  const none = new DigestThreads(1, new URL('data:text/javascript,throw new Error("no")'));
  const store = await DiskObjectStore.open(folder, none);
  await expect(store.put(newProject(), newVersion(), inPieces(randomBytes(MIB)))).rejects.toThrow(
    Unavailable,
  );
  expect(await filesIn(folder)).toEqual([]);
  // of small ones nobody else is asked
  await store.put(newProject(), newVersion(), inPieces(randomBytes(10)));
  expect(await filesIn(folder)).toHaveLength(1);
});

test('only we may read files and enter folders, also those that were open to everybody', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'objects'), { mode: 0o777 });
  const store = await DiskObjectStore.open(folder);
  const project = newProject();
  await store.put(project, newVersion(), inPieces(randomBytes(10)));
  const entries = await readdir(folder, { recursive: true });
  expect(entries.length).toBeGreaterThan(4);
  for (const name of ['.', ...entries]) {
    const found = await stat(join(folder, name));
    expect([name, (found.mode & 0o777).toString(8)]).toEqual([name, found.isFile() ? '600' : '700']);
  }
});

test('a file on the same disk needs no room; one on another is copied', async () => {
  const folder = await makeFolder();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', folder]);
  undo.push(() => run('umount', [folder]));
  const [store, elsewhere] = [await DiskObjectStore.open(folder), await makeFolder()];
  const [project, version, bytes] = [newProject(), newVersion(), randomBytes(3 * 1024 * 1024)];
  const [here, there] = [join(folder, 'a'), join(elsewhere, 'a')];
  await writeFile(here, bytes);
  await store.putFile(project, version, { path: here, size: bytes.length });
  expect((await buffer((await store.open(project, version)).bytes)).equals(bytes)).toBe(true);
  await writeFile(there, bytes);
  const again = (of = newVersion()) => store.putFile(project, of, { path: there, size: bytes.length });
  await expect(again()).rejects.toThrow(StoreFull);
  await store.remove(project, [version]);
  await rm(here);
  await again(version);
  await rm(there);
  expect((await buffer((await store.open(project, version)).bytes)).equals(bytes)).toBe(true);
});

test('a full disk refuses what has no room, and damages nothing', async () => {
  const folder = await makeFolder();
  // CI is root on Linux, as the tests of PostgreSQL's users are
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m,nr_inodes=64,mode=700', 'tmpfs', folder]);
  undo.push(() => run('umount', [folder]));
  const store = await DiskObjectStore.open(folder);
  const project = newProject();
  const [version, bytes] = [newVersion(), randomBytes(2 * 1024 * 1024)];
  await store.put(project, version, inPieces(bytes));
  const full = store.put(project, newVersion(), inPieces(randomBytes(8 * 1024 * 1024)));
  await expect(full).rejects.toThrow(StoreFull);
  expect(await filesIn(folder)).toHaveLength(1);
  expect((await buffer((await store.open(project, version)).bytes)).equals(bytes)).toBe(true);

  const small: Promise<unknown>[] = [];
  for (let left = 100; left > 0; left--)
    small.push(store.put(project, newVersion(), inPieces(randomBytes(1))));
  const outcomes = await Promise.allSettled(small);
  const refused = outcomes.filter((one) => one.status === 'rejected').map(({ reason }) => reason as unknown);
  expect(refused.length).toBeGreaterThan(40);
  expect(refused.filter((one) => !(one instanceof StoreFull))).toEqual([]);
  expect(await filesIn(folder)).toHaveLength(1 + outcomes.length - refused.length);

  await store.remove(project, [version]);
  const later = newVersion();
  await store.put(project, later, inPieces(bytes));
  expect((await buffer((await store.open(project, later)).bytes)).equals(bytes)).toBe(true);
});

test('symbolic links that somebody put there lead nowhere', async () => {
  const [folder, outside] = [await makeFolder(), await makeFolder()];
  const store = await DiskObjectStore.open(folder);
  const objects = join(folder, 'objects');
  await writeFile(join(outside, 'secret'), 'not yours');
  const [project, byFile, byFolder] = [newProject(), newVersion(), newVersion()];
  await store.put(project, newVersion(), inPieces(randomBytes(1)));

  await mkdir(join(objects, project, byFile.slice(0, 2)), { recursive: true });
  await symlink(join(outside, 'secret'), join(objects, project, byFile.slice(0, 2), byFile));
  await expect(store.open(project, byFile)).rejects.toThrow(Refused);

  const linked = newProject();
  await mkdir(join(outside, byFolder.slice(0, 2)));
  await writeFile(join(outside, byFolder.slice(0, 2), byFolder), 'not yours either');
  await symlink(outside, join(objects, linked));
  await expect(store.open(linked, byFolder)).rejects.toThrow(Refused);
  await expect(store.put(linked, newVersion(), inPieces(randomBytes(1)))).rejects.toThrow(Refused);
  await expect(store.remove(linked, [byFolder])).rejects.toThrow(Refused);
  for (const one of [project, linked])
    for await (const { version } of store.list(one)) expect([byFile, byFolder]).not.toContain(version);

  await store.removeAll(linked);
  await store.removeAll(project);
  expect((await filesIn(outside)).map(({ name }) => name).sort()).toEqual([byFolder, 'secret'].sort());
  expect(await readdir(objects)).toEqual([]);
});

test('a folder or a pipe in the place of a file are no bytes', async () => {
  const folder = await makeFolder();
  const store = await DiskObjectStore.open(folder);
  const [project, asFolder, asPipe] = [newProject(), newVersion(), newVersion()];
  for (const version of [asFolder, asPipe])
    await mkdir(join(folder, 'objects', project, version.slice(0, 2)), { recursive: true });
  await mkdir(join(folder, 'objects', project, asFolder.slice(0, 2), asFolder));
  await run('mkfifo', [join(folder, 'objects', project, asPipe.slice(0, 2), asPipe)]);
  for (const version of [asFolder, asPipe])
    await expect(store.open(project, version)).rejects.toThrow(BytesMissing);
});

test('what killed processes left is removed at the next start; what others write is not', async () => {
  const folder = await makeFolder();
  const temporary = join(folder, 'temporary');
  const here = encodeURIComponent(hostname());
  const [started] = /\) .*/.exec(await readFile('/proc/self/stat', 'utf8')) ?? [''];
  const ours = `${here} ${encodeURIComponent(`${process.pid} ${started.split(' ')[20]}`)}`;
  const dead = [`${here} ${encodeURIComponent('999999999 1')}`, `${here} ${process.pid}%201`, 'elsewhere 1'];
  const alive = [ours, 'elsewhere 2'];
  for (const name of [...dead, ...alive]) {
    await mkdir(join(temporary, name), { recursive: true });
    await writeFile(join(temporary, name, 'half'), 'half of it');
  }
  const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const path of ['elsewhere 1/half', 'elsewhere 1'])
    await utimes(join(temporary, path), longAgo, longAgo);
  const store = await DiskObjectStore.open(folder);
  expect((await readdir(temporary)).sort()).toEqual([...alive].sort());
  await store.put(newProject(), newVersion(), inPieces(randomBytes(1)));
  expect((await readdir(temporary)).sort()).toEqual([...alive].sort());
});

test('whatever becomes of an upload or a download, no file stays open', async () => {
  const store = await DiskObjectStore.open(await makeFolder());
  const open = async () => (await readdir('/proc/self/fd')).length;
  const [project, version] = [newProject(), newVersion()];
  await store.put(project, version, inPieces(randomBytes(1_000_000)));
  const before = await open();
  for (let round = 0; round < 30; round++) {
    const source = new PassThrough();
    const putting = store.put(project, newVersion(), source).catch(() => {});
    source.write('some');
    source.destroy(new Error('gone'));
    await putting;
    (await store.open(project, version)).bytes.destroy();
    await buffer((await store.open(project, version)).bytes);
    await store.open(project, newVersion()).catch(() => {});
  }
  await expect.poll(open).toBeLessThan(before + 5);
});
