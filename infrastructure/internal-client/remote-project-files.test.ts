/** The remote adapter in front of the storage service's own HTTP server; its files are on a real disk. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { ObjectVersion } from '../../application/ports/object-store.ts';
import type { ProjectFiles } from '../../application/ports/project-files.ts';
import { projectFilesContract } from '../../application/ports/project-files.contract.ts';
import { CountedObjectStore } from '../../application/storage/counted-object-store.ts';
import { FileUsage } from '../../application/storage/file-usage.ts';
import { StoredProjectFiles } from '../../application/storage/stored-project-files.ts';
import { command, makeHarness, request, runToRest } from '../../application/testing/project-harness.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { internalAuthentication } from '../../interfaces/http/internal-endpoints.ts';
import { Metrics } from '../../interfaces/http/metrics.ts';
import { createServer } from '../../interfaces/http/server.ts';
import { projectFilesEndpoints } from '../../interfaces/storage/project-files-endpoints.ts';
import { SharpImages } from '../images/sharp-images.ts';
import { DiskObjectStore } from '../storage/disk-object-store.ts';
import { quietLog, testFolder } from '../testing/folder.ts';
import { InternalClient, NotWanted } from './internal-client.ts';
import { RemoteProjectFiles } from './remote-project-files.ts';

const KEY = 'the internal key of this test';

/** Files on a disk, and unfinished uploads, of which it is only known whose were removed. */
async function onDisk() {
  const folder = await testFolder();
  const disk = await DiskObjectStore.open(folder.path);
  const limitsOf = () => Promise.resolve({ totalBytes: null, files: null });
  const usage = new FileUsage({ store: disk, limitsOf });
  const store = new CountedObjectStore(disk, usage);
  const spooled: ProjectId[] = [];
  const spool = { removeAll: (project: ProjectId) => Promise.resolve(void spooled.push(project)) };
  return {
    files: new StoredProjectFiles({ store, spool, images: new SharpImages(), usage }),
    spooled,
    put: async (project: ProjectId, bytes: number) =>
      void (await store.put(
        project,
        randomUUID() as string as ObjectVersion,
        Readable.from([Buffer.alloc(bytes, 'x')]),
      )),
    close: () => folder.remove(),
  };
}

/** In front of files, in a world where projects are purged but for their last steps. */
async function service(files: ProjectFiles, sliceMs?: number) {
  const harness = makeHarness();
  const server = createServer({
    name: 'storage',
    port: 0,
    portVariable: 'STORAGE_PORT',
    endpoints: projectFilesEndpoints({
      store: harness.store,
      files,
      ...(sliceMs !== undefined && { sliceMs }),
    }),
    authenticate: internalAuthentication([KEY]),
    log: quietLog,
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  const url = `http://127.0.0.1:${server.port}`;
  const served = async () => {
    const id = newProject();
    await command(harness, id, request(id));
    await runToRest(harness, id);
    return id;
  };
  return {
    url,
    remote: new RemoteProjectFiles(new InternalClient({ url, internalKey: KEY, service: 'storage' })),
    served,
    purging: async () => {
      const id = await served();
      await command(harness, id, { kind: 'PurgeProject' });
      return id;
    },
    close: () => server.stop(100),
  };
}

projectFilesContract('on a disk', async () => {
  const { files, put, close } = await onDisk();
  return { files, put, close, project: () => Promise.resolve(newProject()) };
});

projectFilesContract('through the service', async () => {
  const disk = await onDisk();
  const { remote, purging, close } = await service(disk.files);
  return {
    files: remote,
    project: purging,
    put: disk.put,
    async close() {
      await close();
      await disk.close();
    },
  };
});

let disk: Awaited<ReturnType<typeof onDisk>>;
beforeAll(async () => {
  disk = await onDisk();
});
afterAll(() => disk.close());
const patient = () => new AbortController().signal;

test('unfinished uploads go, too', async () => {
  const id = newProject();
  await disk.files.removeAll(id, patient());
  expect(disk.spooled).toContain(id);
});

test('files of a project that is not purged stay, whoever asks; a stranger is told nothing', async () => {
  const { remote, served, url, close } = await service(disk.files);
  const id = await served();
  await disk.put(id, 5);
  await expect(remote.removeAll(id, patient())).rejects.toThrow(NotWanted);
  expect(await remote.taken(id, patient())).toEqual({ files: 1, bytes: 5 });
  await expect(remote.taken(newProject(), patient())).rejects.toThrow(NotWanted);
  for (const headers of [{}, { 'x-internal-api-key': `${KEY}x` }]) {
    const answers = await Promise.all([
      fetch(`${url}/internal/files/${id}`, { headers }),
      fetch(`${url}/internal/files/${id}/remove`, { method: 'POST', headers }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  }
  await close();
});

test('what one request has no time for the next one goes on with', async () => {
  let left = 5;
  const slow: ProjectFiles = {
    taken: () => Promise.reject(new Error('not asked')),
    async removeAll(_project, signal) {
      left--;
      if (left === 0) return;
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      await promise;
    },
  };
  const { remote, purging, close } = await service(slow, 20);
  await remote.removeAll(await purging(), patient());
  expect(left).toBe(0);
  left = 1_000;
  const givesUp = new AbortController();
  const removing = remote.removeAll(await purging(), givesUp.signal);
  setTimeout(() => givesUp.abort(new Error('enough')), 100);
  await expect(removing).rejects.toThrow();
  const after = left;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(after - left).toBeLessThanOrEqual(1);
  await close();
});
