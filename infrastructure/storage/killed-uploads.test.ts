import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { md5Of } from '../../application/ports/object-store.contract.ts';
import type { ObjectStore, ObjectVersion } from '../../application/ports/object-store.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { startS3Server } from '../testing/s3-server.ts';
import { DiskObjectStore } from './disk-object-store.ts';
import { S3ObjectStore } from './s3-object-store.ts';
import { TemporaryFiles } from './temporary-files.ts';

const ROUNDS = 4;

interface Told {
  readonly version: ObjectVersion;
  readonly md5: string;
}

/** Kills what stores uploads at some moment. @returns what it had told to be stored */
async function killed(where: string, folder: string, project: ProjectId, after: number): Promise<Told[]> {
  const uploads = fork(join(import.meta.dirname, '../testing/store-uploads.ts'), [where, folder, project], {
    execArgv: [],
  });
  const told: Told[] = [];
  uploads.on('message', (one) => {
    told.push(one as Told);
    if (told.length === after) setTimeout(() => uploads.kill('SIGKILL'), Math.random() * 20);
  });
  await once(uploads, 'close');
  return told;
}

async function requireWhole(store: ObjectStore, project: ProjectId, told: readonly Told[]): Promise<void> {
  for (const { version, md5 } of told)
    expect(md5Of(await buffer((await store.open(project, version)).bytes))).toBe(md5);
  for await (const { version, size } of store.list(project)) {
    const bytes = await buffer((await store.open(project, version)).bytes);
    expect([bytes.length, bytes.readUInt32LE()]).toEqual([size, size]);
  }
}

test('a process that is killed under uploads to the disk loses none that it told of, and leaves no half of one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-killed-'));
  const project = newProject();
  const told: Told[] = [];
  for (let round = 0; round < ROUNDS; round++)
    told.push(...(await killed('disk', folder, project, 1 + Math.floor(Math.random() * 60))));
  expect(told.length).toBeGreaterThan(ROUNDS);
  await requireWhole(await DiskObjectStore.open(folder), project, told);
  expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
}, 120_000);

test('the same with S3', async () => {
  const server = await startS3Server();
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-killed-'));
  const project = newProject();
  const where = JSON.stringify(server.settings);
  const told: Told[] = [];
  for (let round = 0; round < ROUNDS; round++)
    told.push(...(await killed(where, folder, project, 1 + Math.floor(Math.random() * 30))));
  expect(told.length).toBeGreaterThan(ROUNDS);
  const temporary = await TemporaryFiles.open(join(folder, 'temporary'));
  const store = new S3ObjectStore(server.settings, temporary);
  // the server of the tests has what was begun, others do not: it is what was told that counts
  for (const { version, md5 } of told)
    expect(md5Of(await buffer((await store.open(project, version)).bytes))).toBe(md5);
  expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  store.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 120_000);
