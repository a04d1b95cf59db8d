import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import {
  inPieces,
  md5Of,
  newVersion,
  objectStoreContract,
} from '../../application/ports/object-store.contract.ts';
import { StoreFull } from '../../application/ports/object-store.ts';
import { testPort } from '../testing/port.ts';
import { SLOW_MS, startS3Server, type S3TestServer } from '../testing/s3-server.ts';
import type { S3Settings } from './s3-client.ts';
import { S3ObjectStore } from './s3-object-store.ts';
import { TemporaryFiles } from './temporary-files.ts';

const MIB = 1024 * 1024;
const SIZES = { partBytes: 5 * MIB, listed: 10 };
const QUICK = { answerMs: 1_000, joinMs: SLOW_MS * 10, idleMs: 500, pauseMs: 10 };

async function make() {
  const server = await startS3Server();
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-files-'));
  const temporary = await TemporaryFiles.open(folder);
  const store = new S3ObjectStore(server.settings, temporary, {}, SIZES);
  const close = async () => {
    store.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
    expect(server.faults).toEqual([]);
  };
  return { store, server, folder, temporary, close };
}

objectStoreContract('S3', async () => {
  const { store, close } = await make();
  return { store, pageful: 25, close };
});

describe('S3', () => {
  let made: Awaited<ReturnType<typeof make>>;
  let server: S3TestServer;
  beforeAll(async () => {
    made = await make();
    ({ server } = made);
  }, 60_000);
  afterAll(() => made.close());
  const another = (settings: Partial<S3Settings> = {}, patience = QUICK) =>
    new S3ObjectStore({ ...server.settings, ...settings }, made.temporary, patience, SIZES);
  const temporaryFiles = async () =>
    (await readdir(made.folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());

  test('what is larger than a part goes in parts, each with its checksum', async () => {
    const [project, version, bytes] = [newProject(), newVersion(), randomBytes(11 * MIB)];
    expect(await made.store.put(project, version, inPieces(bytes))).toEqual({
      size: bytes.length,
      md5: md5Of(bytes),
    });
    expect(server.asked.filter((one) => one.includes(version) && one.includes('partNumber'))).toHaveLength(3);
    const { size, bytes: back } = await made.store.open(project, version);
    expect(size).toBe(bytes.length);
    expect((await buffer(back)).equals(bytes)).toBe(true);
  });

  test('a try that breaks off is repeated, whole or in parts', async () => {
    for (const size of [MIB, 11 * MIB]) {
      const [project, version, bytes] = [newProject(), newVersion(), randomBytes(size)];
      server.mood('cut', 1);
      await another().put(project, version, inPieces(bytes));
      expect((await buffer((await made.store.open(project, version)).bytes)).equals(bytes)).toBe(true);
    }
  });

  test('a server that is away, silent or does not know our key is unavailable in bounded time', async () => {
    const port = await testPort();
    // HEAD tells the absence of a bucket and of a file alike
    const noBucket = another({ bucket: 'no-such-bucket' });
    const stores = [
      another({ endpoint: `http://127.0.0.1:${port}` }),
      another({ secretAccessKey: 'another one' }),
      noBucket,
    ];
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (address === null || typeof address === 'string') return expect.unreachable();
    stores.push(another({ endpoint: `http://127.0.0.1:${address.port}` }));
    for (const store of stores) {
      const project = newProject();
      const gone = store === noBucket ? [] : [() => store.remove(project, [newVersion()])];
      const tries = [
        () => store.put(project, newVersion(), inPieces(randomBytes(10))),
        () => store.put(project, newVersion(), inPieces(randomBytes(6 * MIB))),
        () => store.open(project, newVersion()),
        ...gone,
        () => store.removeAll(project),
        () => store.list(project)[Symbol.asyncIterator]().next(),
        () => store.projects()[Symbol.asyncIterator]().next(),
      ];
      for (const attempt of tries) await expect(attempt()).rejects.toThrow(Unavailable);
    }
    silent.close();
    expect(await temporaryFiles()).toEqual([]);
  });

  test('a download that stops coming fails; one whose reader pauses does not', async () => {
    const [project, version, bytes] = [newProject(), newVersion(), randomBytes(4 * MIB)];
    await made.store.put(project, version, inPieces(bytes));
    server.mood('stuck', 1);
    await expect(buffer((await another().open(project, version)).bytes)).rejects.toThrow(Unavailable);

    const { bytes: back } = await another().open(project, version);
    const chunks: Buffer[] = [];
    for await (const chunk of back) {
      if (chunks.length === 1) await new Promise((resolve) => setTimeout(resolve, QUICK.idleMs * 2));
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('what is opened and never read keeps no connection', async () => {
    const [project, version, bytes] = [newProject(), newVersion(), randomBytes(MIB)];
    const store = another();
    await store.put(project, version, inPieces(bytes));
    // more than there may be
    for (let left = 220; left > 0; left--) (await store.open(project, version)).bytes.destroy();
    expect((await buffer((await store.open(project, version)).bytes)).equals(bytes)).toBe(true);
  });

  test('a server may take long to make an object of its parts', async () => {
    const [project, version, bytes] = [newProject(), newVersion(), randomBytes(11 * MIB)];
    server.mood('slow');
    try {
      await another().put(project, version, inPieces(bytes));
    } finally {
      server.mood('open');
    }
    expect((await buffer((await made.store.open(project, version)).bytes)).equals(bytes)).toBe(true);
  });

  test('no room there is no room here', async () => {
    server.mood('full', 1);
    await expect(another().put(newProject(), newVersion(), inPieces(randomBytes(10)))).rejects.toThrow(
      StoreFull,
    );
    server.mood('open');
    expect(await temporaryFiles()).toEqual([]);
  });

  test('what else is in the bucket is left alone', async () => {
    const [project, version] = [newProject(), newVersion()];
    const elsewhere = another({ prefix: 'other/' });
    await elsewhere.put(project, version, inPieces(randomBytes(10)));
    for await (const one of made.store.list(project)) expect.unreachable(one.version);
    await made.store.removeAll(project);
    expect((await buffer((await elsewhere.open(project, version)).bytes)).length).toBe(10);
  });
});
