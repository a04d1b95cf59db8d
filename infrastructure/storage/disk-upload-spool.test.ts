import { execFile, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { inPieces, md5Of } from '../../application/ports/object-store.contract.ts';
import { StoreFull } from '../../application/ports/object-store.ts';
import { newUpload, uploadSpoolContract } from '../../application/ports/upload-spool.contract.ts';
import { patternAt } from '../testing/append-uploads.ts';
import { DiskUploadSpool } from './disk-upload-spool.ts';

const run = promisify(execFile);
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-spool-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

uploadSpoolContract('disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-spool-'));
  const again = () => DiskUploadSpool.open(folder, 5);
  return {
    spool: await again(),
    mostUploads: 5,
    again,
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

test('a full disk keeps what there was room for, and goes on when there is more', async () => {
  const folder = await makeFolder();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', folder]);
  undo.push(() => run('umount', [folder]));
  const spool = await DiskUploadSpool.open(folder);
  const [project, id, other] = [newProject(), newUpload(), newUpload()];
  await spool.begin(project, id, {});
  await spool.begin(project, other, {});
  await spool.putPart(project, other, 1, inPieces(randomBytes(1_000_000)));
  const bytes = randomBytes(1_500_000);
  await expect(spool.append(project, id, 1, 0, inPieces(bytes))).rejects.toThrow(StoreFull);
  await expect(spool.putPart(project, id, 2, inPieces(bytes))).rejects.toThrow(StoreFull);
  const [part, ...more] = (await spool.find(project, id))?.parts ?? [];
  expect(more).toEqual([]);
  expect(part?.size).toBeGreaterThan(500_000);
  // one that has no room for its own beginning is none that is under way
  await expect(spool.begin(project, newUpload(), { long: 'x'.repeat(1_000_000) })).rejects.toThrow(StoreFull);
  expect(await readdir(join(folder, 'uploads', project))).toHaveLength(2);
  await spool.end(project, other);
  const at = part?.size ?? 0;
  expect(await spool.append(project, id, 1, at, inPieces(bytes.subarray(at)))).toBe(bytes.length);
  expect((await buffer(spool.read(project, id, [{ number: 1, md5: null }]))).equals(bytes)).toBe(true);
});

test('symbolic links that somebody put there lead nowhere', async () => {
  const [folder, outside] = [await makeFolder(), await makeFolder()];
  const spool = await DiskUploadSpool.open(folder);
  const [project, id, linked] = [newProject(), newUpload(), newProject()];
  await spool.begin(project, id, {});
  await writeFile(join(outside, 'secret'), 'not yours');
  const part = `part.1.${new Date().getTime() + 1_000}.appended`;
  await symlink(join(outside, 'secret'), join(folder, 'uploads', project, id, part));
  expect((await spool.find(project, id))?.parts).toEqual([]);
  await symlink(outside, join(folder, 'uploads', linked));
  await expect(spool.begin(linked, newUpload(), {})).rejects.toThrow(Refused);
  await spool.removeAll(project);
  await spool.removeAll(linked);
  expect(await readdir(outside)).toEqual(['secret']);
});

test('of two files of a part the newer one is it: a crash left the other, and the next part takes both away', async () => {
  const folder = await makeFolder();
  const spool = await DiskUploadSpool.open(folder);
  const [project, id] = [newProject(), newUpload()];
  await spool.begin(project, id, {});
  const place = join(folder, 'uploads', project, id);
  const left = (when: number, text: string) =>
    writeFile(join(place, `part.1.${String(when).padStart(13, '0')}.${md5Of(Buffer.from(text))}`), text);
  const part = (text: string) => ({ number: 1, md5: md5Of(Buffer.from(text)) });
  const now = new Date().getTime();
  for (const [when, text] of [
    [now - 10, 'old'],
    [now, 'newest'],
    [now - 20, 'older'],
  ] as const)
    await left(when, text);
  expect((await spool.find(project, id))?.parts.map(({ size }) => size)).toEqual([6]);
  expect((await buffer(spool.read(project, id, [part('newest')]))).toString()).toBe('newest');
  await spool.putPart(project, id, 1, inPieces(Buffer.from('next')));
  expect((await readdir(place)).filter((name) => name.startsWith('part.1.'))).toHaveLength(1);
  expect((await buffer(spool.read(project, id, [part('next')]))).toString()).toBe('next');
});

test('an upload that a crash left without a word about it is removed when it is old', async () => {
  const folder = await makeFolder();
  const spool = await DiskUploadSpool.open(folder);
  const [project, id] = [newProject(), newUpload()];
  const left = join(folder, 'uploads', project, id);
  await mkdir(left, { recursive: true });
  expect(await spool.find(project, id)).toBeUndefined();
  const dayAgo = new Date(new Date().getTime() - 24 * 60 * 60 * 1000);
  expect(await spool.removeOlder(dayAgo)).toBe(0);
  await utimes(left, dayAgo, new Date(dayAgo.getTime() - 1_000));
  expect(await spool.removeOlder(dayAgo)).toBe(1);
  expect(await readdir(join(folder, 'uploads', project))).toEqual([]);
});

test('a process that is killed under appends leaves at least what it told of, and nothing but what was sent', async () => {
  const folder = await makeFolder();
  const [project, id] = [newProject(), newUpload()];
  let spool = await DiskUploadSpool.open(folder);
  await spool.begin(project, id, {});
  for (let round = 0; round < 5; round++) {
    const main = join(import.meta.dirname, '../testing/append-uploads-main.ts');
    const appending = fork(main, [folder, project, id], { execArgv: [] });
    let told = 0;
    let seen = 0;
    const after = 1 + Math.floor(Math.random() * 10);
    appending.on('message', (offset) => {
      told = Number(offset);
      if (++seen === after) setTimeout(() => appending.kill('SIGKILL'), Math.random() * 10);
    });
    await once(appending, 'close');
    spool = await DiskUploadSpool.open(folder);
    const size = (await spool.find(project, id))?.parts[0]?.size ?? 0;
    expect(told).toBeGreaterThan(0);
    expect(size).toBeGreaterThanOrEqual(told);
    const bytes = await buffer(spool.read(project, id, [{ number: 1, md5: null }]));
    expect(bytes.equals(patternAt(0, size))).toBe(true);
  }
}, 120_000);
