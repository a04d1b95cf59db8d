/** What becomes of files while their project is paused, sleeps, is deleted, comes back, and is purged. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { REACHABLE, statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

/** no other file of the platform's has such sizes */
const [SIZE, OTHER_SIZE] = [98_765, 87_654];
const PATIENCE = { timeout: 60_000, interval: 100 };

let platform: PlatformUnderTest;
let token: string;

interface Project {
  readonly id: string;
  readonly status: string;
  readonly usage: { readonly storage_bytes: number | null; readonly storage_files: number | null };
}

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('storage-life');
});
afterAll(() => platform.close());

/** A project with a public bucket. */
async function project(name: string) {
  const made = await platform.call<Project>('POST', '/api/projects', { token, body: { name } });
  const { id } = made.body;
  const path = `/api/projects/${id}`;
  const keys = await platform.call<{ service_role_key: string }>('GET', `${path}/keys`, { token });
  const key = keys.body.service_role_key;
  const storage = (below: string, init: RequestInit = {}) =>
    fetch(`${platform.url}/project/${id}/storage/v1${below}`, {
      ...init,
      headers: { apikey: key, authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
    });
  const bucket = await storage('/bucket', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'docs', name: 'docs', public: true }),
  });
  expect(bucket.status).toBe(200);
  return {
    id,
    name,
    storage,
    async put(file: string, size: number) {
      const body = Buffer.alloc(size, file);
      const headers = { 'content-type': 'text/plain', 'x-upsert': 'true' };
      expect((await storage(`/object/docs/${file}`, { method: 'POST', headers, body })).status).toBe(200);
    },
    /** as anybody gets it */
    async get(file: string) {
      const answer = await storage(`/object/public/docs/${file}`);
      return answer.status === 200 ? (await answer.arrayBuffer()).byteLength : 'not served';
    },
    shown: async () => (await platform.call<Project>('GET', path, { token })).body,
    async until(method: string, below: string, status: string, body?: unknown) {
      await platform.call(method, `${path}${below}`, { token, ...(body !== undefined && { body }) });
      expect(await statusAtRest(platform, token, id)).toBe(status);
    },
  };
}

/** How many files of the whole platform have this size. */
async function onDisk(size: number): Promise<number> {
  const names = await readdir(platform.folder, { recursive: true });
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(platform.folder, name)).then(
        (found) => (found.isFile() ? found.size : -1),
        () => -1,
      ),
    ),
  );
  return sizes.filter((one) => one === size).length;
}

test('a project tells what its files take, beside how large its database is', async () => {
  const shop = await project('counted');
  expect((await shop.shown()).usage).toMatchObject({ storage_bytes: 0, storage_files: 0 });
  await shop.put('a.txt', 1_000);
  await shop.put('b.txt', 500);
  expect((await shop.shown()).usage).toMatchObject({ storage_bytes: 1_500, storage_files: 2 });
  const gone = await shop.storage('/object/docs/a.txt', { method: 'DELETE' });
  expect(gone.status).toBe(200);
  await vi.waitFor(
    async () => expect((await shop.shown()).usage).toMatchObject({ storage_bytes: 500, storage_files: 1 }),
    PATIENCE,
  );
  const { body } = await platform.call<{ projects: Project[] }>('GET', '/api/projects', { token });
  expect(body.projects[0]?.usage).toMatchObject({ storage_bytes: null, storage_files: null });
});

test('paused it serves nothing; it comes back, and comes back from deletion, with every file', async () => {
  const shop = await project('comes-back');
  await shop.put('a.txt', OTHER_SIZE);
  for (const [away, status, back] of [
    ['pause', 'paused', 'resume'],
    ['', 'deleted', 'undelete'],
  ] as const) {
    await shop.until(away === '' ? 'DELETE' : 'POST', away === '' ? '' : `/${away}`, status);
    await vi.waitFor(async () => expect(await shop.get('a.txt')).toBe('not served'), PATIENCE);
    expect(await onDisk(OTHER_SIZE)).toBe(1);
    await shop.until('POST', `/${back}`, 'active');
    await vi.waitFor(async () => expect(await shop.get('a.txt')).toBe(OTHER_SIZE), PATIENCE);
  }
});

test('purged it leaves no byte, and nobody else loses one', async () => {
  const [shop, neighbour] = [await project('goes'), await project('stays')];
  await shop.put('a.txt', SIZE);
  await shop.put('b.txt', SIZE);
  await neighbour.put('a.txt', OTHER_SIZE - 1);
  expect(await onDisk(SIZE)).toBe(2);
  await shop.until('DELETE', '?purge=true', 'purged', { name: shop.name });
  expect(await onDisk(SIZE)).toBe(0);
  expect(await neighbour.get('a.txt')).toBe(OTHER_SIZE - 1);
  expect((await shop.storage('/object/public/docs/a.txt')).status).not.toBe(200);
  const names = await readdir(platform.folder, { recursive: true });
  expect(names.filter((name) => /objects|storage/.test(name) && name.includes(shop.id))).toEqual([]);
});

test('while its project sleeps files are stored and served, and its REST API sleeps on', async () => {
  const shop = await project('sleeps');
  await shop.put('a.txt', 1_000);
  await platform.stop();
  platform.environment['IDLE_SLEEP_MINUTES'] = '0.02';
  await platform.start();
  await vi.waitFor(async () => expect((await shop.shown()).status).toBe('sleeping'), PATIENCE);
  // it is called sleeping from when it starts to fall asleep
  await vi.waitFor(async () => expect(await platform.resources(shop.id)).toEqual(REACHABLE), PATIENCE);
  expect(await shop.get('a.txt')).toBe(1_000);
  await shop.put('b.txt', 2_000);
  expect((await shop.storage('/object/docs/b.txt')).status).toBe(200);
  expect((await shop.storage('/object/docs/a.txt', { method: 'DELETE' })).status).toBe(200);
  expect([(await shop.shown()).status, await platform.resources(shop.id)]).toEqual(['sleeping', REACHABLE]);
});
