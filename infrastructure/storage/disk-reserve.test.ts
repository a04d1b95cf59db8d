import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { inPieces, newVersion } from '../../application/ports/object-store.contract.ts';
import { StoreFull } from '../../application/ports/object-store.ts';
import { DiskObjectStore } from './disk-object-store.ts';
import { DiskReserve } from './disk-reserve.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-reserve-'));
  // CI is root on Linux, as the tests of PostgreSQL's users are
  await run('mount', ['-t', 'tmpfs', '-o', 'size=40m,mode=700', 'tmpfs', folder]);
});
afterAll(async () => {
  await run('umount', [folder]);
  await rm(folder, { recursive: true });
});

test('a twentieth of the disk is left to others, and what is given back is there at once', async () => {
  const reserve = new DiskReserve(folder);
  await reserve.require();
  const large = join(folder, 'of-others');
  await writeFile(large, Buffer.alloc(39 * MIB));
  await vi.waitFor(() => expect(reserve.require()).rejects.toThrow(StoreFull), { timeout: 5_000 });
  await rm(large);
  await reserve.require();
});

test('files of projects stop before it, also those that are on their way', async () => {
  const store = await DiskObjectStore.open(join(folder, 'files'));
  const project = newProject();
  async function* slowly() {
    yield Buffer.alloc(38.5 * MIB);
    // a look is good for a second
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    // there is still room for this one
    yield Buffer.alloc(MIB / 4);
  }
  await expect(store.put(project, newVersion(), Readable.from(slowly()))).rejects.toThrow(StoreFull);
  await store.put(project, newVersion(), inPieces(Buffer.alloc(10)));
});
