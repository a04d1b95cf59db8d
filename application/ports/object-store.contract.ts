import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { newProject } from './databases.contract.ts';
import { BytesMissing, isObjectVersion, type ObjectStore, type ObjectVersion } from './object-store.ts';

export interface ObjectStoreHarness {
  readonly store: ObjectStore;
  /** how many listed objects make more than a page */
  readonly pageful: number;
  close(): Promise<void>;
}

export const newVersion = (): ObjectVersion => {
  const version = randomUUID();
  if (!isObjectVersion(version)) throw new Error('a UUID of another kind');
  return version;
};

/** In pieces, as a socket gives them: copies, since they are given away. */
export const inPieces = (bytes: Buffer, pieceBytes = 65_536): Readable =>
  Readable.from(
    (function* pieces() {
      for (let at = 0; at < bytes.length; at += pieceBytes)
        yield Buffer.from(bytes.subarray(at, at + pieceBytes));
    })(),
    { objectMode: false },
  );

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

const MIB = 1024 * 1024;

export function objectStoreContract(name: string, make: () => Promise<ObjectStoreHarness>): void {
  describe(`object store: ${name}`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeAll(async () => {
      harness = await make();
      ({ store } = harness);
    }, 60_000);
    let folder: string;
    beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'launchdb-whole-'))));
    afterAll(() => rm(folder, { recursive: true, force: true }));
    afterAll(() => harness.close());

    const stored = async (project: ProjectId, bytes: Buffer): Promise<ObjectVersion> => {
      const version = newVersion();
      await store.put(project, version, inPieces(bytes));
      return version;
    };
    const read = async (project: ProjectId, version: ObjectVersion): Promise<Buffer> =>
      buffer((await store.open(project, version)).bytes);
    const listed = async (project: ProjectId) => {
      const found = new Map<string, number>();
      for await (const { version, size } of store.list(project)) found.set(version, size);
      return found;
    };

    test.each([0, 1, 65_536, 5 * MIB + 1])('%i bytes come back as they were', async (size) => {
      const [project, version, bytes] = [newProject(), newVersion(), randomBytes(size)];
      expect(await store.put(project, version, inPieces(bytes))).toEqual({ size, md5: md5Of(bytes) });
      const { size: told, bytes: back } = await store.open(project, version);
      expect(told).toBe(size);
      expect((await buffer(back)).equals(bytes)).toBe(true);
      expect(await listed(project)).toEqual(new Map([[version, size]]));
    });

    test.each([0, 1, 11 * MIB + 1])('a file of %i bytes is stored as it is, and may go', async (size) => {
      const [project, version, bytes] = [newProject(), newVersion(), randomBytes(size)];
      const path = join(folder, version);
      await writeFile(path, bytes);
      expect(await store.putFile(project, version, { path, size })).toEqual({ size, md5: md5Of(bytes) });
      await rm(path);
      expect((await read(project, version)).equals(bytes)).toBe(true);
      expect(await listed(project)).toEqual(new Map([[version, size]]));
      await store.remove(project, [version]);
      await expect(read(project, version)).rejects.toThrow(BytesMissing);
    });

    test('a file that is not there, or is a link to another, is not stored', async () => {
      const [project, linked] = [newProject(), join(folder, 'linked')];
      await writeFile(join(folder, 'another'), 'x');
      await symlink(join(folder, 'another'), linked);
      for (const path of [join(folder, 'nothing'), linked, folder])
        await expect(store.putFile(project, newVersion(), { path, size: 1 })).rejects.toThrow();
      expect(await listed(project)).toEqual(new Map());
    });

    test('a range has exactly its bytes, and the size of the whole is told', async () => {
      const [project, bytes] = [newProject(), randomBytes(300_000)];
      const version = await stored(project, bytes);
      for (const [first, last] of [
        [0, 0],
        [0, 299_999],
        [299_999, 299_999],
        [1, 270_000],
      ] as const) {
        const { size, bytes: part } = await store.open(project, version, { first, last });
        expect(size).toBe(300_000);
        const back = await buffer(part);
        expect(back.equals(bytes.subarray(first, last + 1))).toBe(true);
      }
    });

    test('what is not there, was removed, or is of another project is missing', async () => {
      const [project, other] = [newProject(), newProject()];
      const [kept, removed] = [
        await stored(project, randomBytes(10)),
        await stored(project, randomBytes(10)),
      ];
      await store.remove(project, [removed, newVersion()]);
      await store.remove(other, [kept]);
      for (const [of, version] of [
        [project, newVersion()],
        [project, removed],
        [other, kept],
      ] as const)
        await expect(store.open(of, version)).rejects.toThrow(BytesMissing);
      expect([...(await listed(project)).keys()]).toEqual([kept]);
    });

    test('many are removed at once; removed twice is no error, nor is removing none', async () => {
      const project = newProject();
      const versions = await Promise.all(Array.from({ length: 30 }, () => stored(project, randomBytes(10))));
      const kept = versions.splice(0, 2);
      expect(await store.remove(project, [...versions, newVersion()])).toEqual({ files: 28, bytes: 280 });
      const nothing = { files: 0, bytes: 0 };
      expect(await store.remove(project, versions)).toEqual(nothing);
      expect(await store.remove(project, [])).toEqual(nothing);
      expect([...(await listed(project)).keys()].sort()).toEqual([...kept].sort());
    });

    test('they are read again for what they were stored as, as slowly as somebody wants', async () => {
      const [project, bytes] = [newProject(), randomBytes(600_000)];
      const version = await stored(project, bytes);
      let seen = 0;
      const read = (count: number) => {
        seen += count;
        return Promise.resolve();
      };
      expect(await store.digest(project, version, read)).toEqual({ size: 600_000, md5: md5Of(bytes) });
      expect(seen).toBe(600_000);
      expect(await store.digest(project, version)).toEqual({ size: 600_000, md5: md5Of(bytes) });
      const stop = () => Promise.reject(new Error('enough'));
      await expect(store.digest(project, version, stop)).rejects.toThrow('enough');
      await expect(store.digest(project, newVersion())).rejects.toThrow(BytesMissing);
    });

    test('all of a project goes, and nothing of another', async () => {
      const [project, other] = [newProject(), newProject()];
      const versions = [await stored(project, randomBytes(10)), await stored(project, randomBytes(0))];
      const kept = await stored(other, randomBytes(10));
      await store.removeAll(project);
      await store.removeAll(project);
      expect(await listed(project)).toEqual(new Map());
      for (const version of versions)
        await expect(store.open(project, version)).rejects.toThrow(BytesMissing);
      expect(await listed(other)).toEqual(new Map([[kept, 10]]));
    });

    test('projects are those that have bytes', async () => {
      const [empty, full, emptied] = [newProject(), newProject(), newProject()];
      await stored(full, randomBytes(1));
      await store.remove(emptied, [await stored(emptied, randomBytes(1))]);
      const found: ProjectId[] = [];
      for await (const project of store.projects()) found.push(project);
      expect(found).toContain(full);
      expect(found).not.toContain(empty);
      expect(found).not.toContain(emptied);
    });

    test('a list of more than a page has each once, and when it was stored', async () => {
      const project = newProject();
      const since = Date.now() - 2_000;
      const versions = await Promise.all(
        Array.from({ length: harness.pageful }, () => stored(project, randomBytes(3))),
      );
      const found: string[] = [];
      for await (const { version, storedAt } of store.list(project)) {
        found.push(version);
        expect(storedAt.getTime()).toBeGreaterThan(since);
        expect(storedAt.getTime()).toBeLessThan(Date.now() + 2_000);
      }
      expect(found.sort()).toEqual([...versions].sort());
    });

    test('what is on its way is not there, and never will be when its source fails', async () => {
      const [project, version] = [newProject(), newVersion()];
      const source = new PassThrough();
      const putting = store.put(project, version, source);
      putting.catch(() => {});
      source.write(randomBytes(2 * MIB));
      await expect(store.open(project, version)).rejects.toThrow(BytesMissing);
      expect(await listed(project)).toEqual(new Map());
      source.destroy(new Error('the client is gone'));
      await expect(putting).rejects.toThrow('the client is gone');
      await expect(store.open(project, version)).rejects.toThrow(BytesMissing);
      expect(await listed(project)).toEqual(new Map());
    });

    test('a source that had failed before fails it', async () => {
      const source = new PassThrough();
      source.on('error', () => {});
      source.destroy(new Error('gone before'));
      await expect(store.put(newProject(), newVersion(), source)).rejects.toThrow();
    });

    test('an abort ends it with its reason, before and while it goes on; the source is destroyed', async () => {
      const [project, version] = [newProject(), newVersion()];
      const early = new PassThrough();
      early.on('error', () => {});
      const aborted = AbortSignal.abort(new Error('too late'));
      await expect(store.put(project, version, early, aborted)).rejects.toThrow('too late');
      expect(early.destroyed).toBe(true);
      const [stopping, source] = [new AbortController(), new PassThrough()];
      source.write(randomBytes(MIB));
      const putting = store.put(project, version, source, stopping.signal);
      setTimeout(() => stopping.abort(new Error('shut down')), 20);
      await expect(putting).rejects.toThrow('shut down');
      expect(source.destroyed).toBe(true);
      expect(await listed(project)).toEqual(new Map());
    });

    test('who reads goes on to the end when it is removed meanwhile', async () => {
      const [project, bytes] = [newProject(), randomBytes(8 * MIB)];
      const version = await stored(project, bytes);
      const { bytes: back } = await store.open(project, version);
      const chunks = back.iterator()[Symbol.asyncIterator]();
      const first = (await chunks.next()).value as Buffer;
      await store.remove(project, [version]);
      const rest: Buffer[] = [first];
      for (let next = await chunks.next(); !next.done; next = await chunks.next())
        rest.push(next.value as Buffer);
      expect(Buffer.concat(rest).equals(bytes)).toBe(true);
      await expect(store.open(project, version)).rejects.toThrow(BytesMissing);
    });

    test('a reader may leave at once, or in the middle', async () => {
      const [project, bytes] = [newProject(), randomBytes(3 * MIB)];
      const version = await stored(project, bytes);
      (await store.open(project, version)).bytes.on('error', () => {}).destroy();
      for await (const chunk of (await store.open(project, version)).bytes) {
        expect(chunk).toBeDefined();
        break;
      }
      expect((await read(project, version)).equals(bytes)).toBe(true);
    });

    test('many at once do not mix', async () => {
      const project = newProject();
      const all = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const bytes = Buffer.alloc(200_000 + index, index);
          return { bytes, version: await stored(project, bytes) };
        }),
      );
      for (const { bytes, version } of all) expect((await read(project, version)).equals(bytes)).toBe(true);
    });

    test.each(['../../../etc/passwd', '', '.', 'A3D4C3C0-0F35-4E6B-8F36-1F9D1C7E35C0', '%2e%2e', 'a\0b'])(
      'nothing but a version and a project becomes a path: %j',
      async (text) => {
        const [project, version] = [text as ProjectId, text as ObjectVersion];
        const tries = [
          () => store.open(newProject(), version),
          () => store.open(project, newVersion()),
          () => store.remove(newProject(), [version]),
          () => store.put(newProject(), version, inPieces(randomBytes(1))),
          () => store.putFile(newProject(), version, { path: folder, size: 1 }),
          () => store.removeAll(project),
          async () => {
            for await (const one of store.list(project)) expect.unreachable(one.version);
          },
        ];
        for (const attempt of tries) await expect(attempt()).rejects.toThrow(TypeError);
      },
    );
  });
}
