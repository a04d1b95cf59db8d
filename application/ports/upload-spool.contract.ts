import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { newProject } from './databases.contract.ts';
import { inPieces, md5Of } from './object-store.contract.ts';
import { isUploadId, UploadMissing, type UploadId, type UploadSpool } from './upload-spool.ts';

export interface UploadSpoolHarness {
  readonly spool: UploadSpool;
  /** uploads of one project at a time */
  readonly mostUploads: number;
  /** the same uploads, as the next process has them */
  again(): Promise<UploadSpool>;
  close(): Promise<void>;
}

export const newUpload = (): UploadId => {
  const id = randomUUID();
  if (!isUploadId(id)) throw new Error('a UUID of another kind');
  return id;
};

const MIB = 1024 * 1024;

export function uploadSpoolContract(name: string, make: () => Promise<UploadSpoolHarness>): void {
  describe(`upload spool: ${name}`, () => {
    let harness: UploadSpoolHarness;
    let spool: UploadSpool;
    beforeAll(async () => {
      harness = await make();
      ({ spool } = harness);
    });
    afterAll(() => harness.close());

    const begun = async (project: ProjectId = newProject()): Promise<[ProjectId, UploadId]> => {
      const id = newUpload();
      await spool.begin(project, id, { name: 'a.txt' });
      return [project, id];
    };
    const sizes = async (project: ProjectId, id: UploadId, of = spool) =>
      (await of.find(project, id))?.parts.map(({ number, size }) => [number, size]);

    const readOf = async (project: ProjectId, id: UploadId, numbers: readonly number[]) => {
      const parts = (await spool.find(project, id))?.parts ?? [];
      const named = numbers.map((wanted) => {
        const { number = wanted, md5 = null } = parts.find((part) => part.number === wanted) ?? {};
        return { number, md5 };
      });
      return buffer(spool.read(project, id, named));
    };

    test('what was said of an upload is there for the next process, too, and may change', async () => {
      const since = new Date(new Date().getTime() - 1_000);
      const [project, id] = await begun();
      const { about, parts, begunAt } = (await spool.find(project, id)) ?? {};
      expect([about, parts]).toEqual([{ name: 'a.txt' }, []]);
      expect(begunAt?.getTime()).toBeGreaterThan(since.getTime());
      await spool.describe(project, id, { name: 'b.txt', nested: { ümlaut: ['é', null] } });
      const next = await harness.again();
      const later = await next.find(project, id);
      expect(await next.begun(project, id)).toEqual({ id, about: later?.about, begunAt });
      expect(later).toMatchObject({ id, about: { name: 'b.txt', nested: { ümlaut: ['é', null] } }, begunAt });
    });

    test('appended bytes are one after the other, and the next process goes on with them', async () => {
      const [project, id] = await begun();
      const bytes = randomBytes(3 * MIB);
      expect(await spool.append(project, id, 1, 0, inPieces(bytes.subarray(0, MIB)))).toBe(MIB);
      expect(await spool.append(project, id, 1, MIB, inPieces(Buffer.alloc(0)))).toBe(MIB);
      const next = await harness.again();
      expect(await sizes(project, id, next)).toEqual([[1, MIB]]);
      expect(await next.append(project, id, 1, MIB, inPieces(bytes.subarray(MIB)))).toBe(3 * MIB);
      expect((await readOf(project, id, [1])).equals(bytes)).toBe(true);
      expect((await spool.find(project, id))?.parts[0]?.md5).toBeNull();
    });

    test('what stands behind the offset goes; behind the end nothing begins', async () => {
      const [project, id] = await begun();
      await spool.append(project, id, 1, 0, inPieces(Buffer.from('hello, world')));
      expect(await spool.append(project, id, 1, 5, inPieces(Buffer.from('!')))).toBe(6);
      expect((await readOf(project, id, [1])).toString()).toBe('hello!');
      await expect(spool.append(project, id, 1, 7, inPieces(Buffer.from('x')))).rejects.toThrow(RangeError);
      await expect(spool.append(project, id, 2, 1, inPieces(Buffer.from('x')))).rejects.toThrow(RangeError);
      expect(await sizes(project, id)).toEqual([[1, 6]]);
    });

    test('what a store took of a part stays as it is, whatever becomes of the part', async () => {
      const [project, id] = await begun();
      await spool.append(project, id, 1, 0, inPieces(Buffer.from('hello')));
      const { path, size } = await spool.fileOf(project, id, 1);
      expect(size).toBe(5);
      const folder = await mkdtemp(join(tmpdir(), 'launchdb-taken-'));
      try {
        const taken = join(folder, 'taken');
        await link(path, taken);
        expect(await spool.append(project, id, 1, 4, inPieces(Buffer.from('!!')))).toBe(6);
        expect(await readFile(taken, 'utf8')).toBe('hello');
        expect((await readOf(project, id, [1])).toString()).toBe('hell!!');
        await spool.end(project, id);
        expect(await readFile(taken, 'utf8')).toBe('hello');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    test('an append that breaks off keeps what has come, and goes on from there', async () => {
      const [project, id] = await begun();
      const bytes = randomBytes(2 * MIB);
      const broken = new PassThrough({ highWaterMark: 4 * MIB });
      const appending = spool.append(project, id, 1, 0, broken);
      appending.catch(() => {});
      broken.write(bytes.subarray(0, MIB));
      await expect.poll(() => sizes(project, id)).toEqual([[1, MIB]]);
      broken.destroy(new Error('the client is gone'));
      await expect(appending).rejects.toThrow('the client is gone');
      expect(await sizes(project, id)).toEqual([[1, MIB]]);

      const [stopping, stopped] = [new AbortController(), new PassThrough({ highWaterMark: 4 * MIB })];
      const more = spool.append(project, id, 1, MIB, stopped, stopping.signal);
      more.catch(() => {});
      stopped.write(bytes.subarray(MIB, MIB + 100));
      await expect.poll(() => sizes(project, id)).toEqual([[1, MIB + 100]]);
      stopping.abort(new Error('shut down'));
      await expect(more).rejects.toThrow('shut down');
      expect(await spool.append(project, id, 1, MIB + 100, inPieces(bytes.subarray(MIB + 100)))).toBe(
        2 * MIB,
      );
      expect((await readOf(project, id, [1])).equals(bytes)).toBe(true);
    });

    test('parts come in any order, with their checksums, and are read in the order that is asked for', async () => {
      const [project, id] = await begun();
      const parts = new Map([3, 1, 10_000, 2].map((number) => [number, randomBytes(100_000 + number)]));
      for (const [number, bytes] of parts) {
        const part = await spool.putPart(project, id, number, inPieces(bytes));
        expect(part).toMatchObject({ number, size: bytes.length, md5: md5Of(bytes) });
      }
      const found = (await spool.find(project, id))?.parts;
      expect(found?.map(({ number, md5 }) => [number, md5])).toEqual(
        [1, 2, 3, 10_000].map((number) => [number, md5Of(parts.get(number)!)]),
      );
      expect([await spool.bytesBeside(project, id, 2), await spool.bytesBeside(project, id, 4)]).toEqual([
        300_000 + 1 + 3 + 10_000,
        400_000 + 1 + 2 + 3 + 10_000,
      ]);
      const read = await readOf(project, id, [2, 10_000]);
      expect(read.equals(Buffer.concat([parts.get(2)!, parts.get(10_000)!]))).toBe(true);
      await expect(readOf(project, id, [1, 7])).rejects.toThrow(UploadMissing);
      await expect(spool.fileOf(project, id, 7)).rejects.toThrow(UploadMissing);
      for (const number of [0, 10_001, 1.5, NaN])
        await expect(spool.putPart(project, id, number, inPieces(Buffer.from('x')))).rejects.toThrow(
          RangeError,
        );
    });

    test('a part of the same number takes its place, or not at all', async () => {
      const [project, id] = await begun();
      const first = await spool.putPart(project, id, 1, inPieces(Buffer.from('first')));
      await spool.putPart(project, id, 1, inPieces(Buffer.from('second')));
      // whoever names the one before does not get this one
      await expect(buffer(spool.read(project, id, [first]))).rejects.toThrow(UploadMissing);
      const broken = new PassThrough();
      const putting = spool.putPart(project, id, 1, broken);
      putting.catch(() => {});
      broken.write('thi');
      broken.destroy(new Error('gone'));
      await expect(putting).rejects.toThrow('gone');
      expect(await sizes(project, id, await harness.again())).toEqual([[1, 6]]);
      expect((await readOf(project, id, [1])).toString()).toBe('second');
    });

    test('two that write the same part at once leave a whole one of them', async () => {
      const [project, id] = await begun();
      const both = [Buffer.alloc(300_000, 'a'), Buffer.alloc(300_000, 'b')];
      await Promise.all(both.map((bytes) => spool.putPart(project, id, 1, inPieces(bytes))));
      const stayed = await readOf(project, id, [1]);
      expect(both.some((bytes) => bytes.equals(stayed))).toBe(true);
    });

    test('what is not there, was ended, or is of another project is missing', async () => {
      const [project, id] = await begun();
      const [, ended] = await begun(project);
      await spool.putPart(project, ended, 1, inPieces(Buffer.from('x')));
      await spool.end(project, ended);
      await spool.end(project, ended);
      for (const [of, missing] of [
        [project, newUpload()],
        [project, ended],
        [newProject(), id],
      ] as const) {
        expect(await spool.find(of, missing)).toBeUndefined();
        expect(await spool.begun(of, missing)).toBeUndefined();
        expect(await spool.bytesBeside(of, missing, 1)).toBe(0);
        const tries = [
          () => spool.describe(of, missing, {}),
          () => spool.putPart(of, missing, 1, inPieces(Buffer.from('x'))),
          () => spool.append(of, missing, 1, 0, inPieces(Buffer.from('x'))),
          () => buffer(spool.read(of, missing, [{ number: 1, md5: null }])),
          () => spool.fileOf(of, missing, 1),
        ];
        for (const attempt of tries) await expect(attempt()).rejects.toThrow(UploadMissing);
        expect(await spool.find(of, missing)).toBeUndefined();
      }
      const found = [];
      for await (const upload of spool.list(project)) found.push(upload.id);
      expect(found).toEqual([id]);
    });

    test('an upload that ends while a part comes is missing for it', async () => {
      const [project, id] = await begun();
      const source = new PassThrough();
      const putting = spool.putPart(project, id, 1, source);
      putting.catch(() => {});
      source.write('some');
      await new Promise((resolve) => setTimeout(resolve, 30));
      await spool.end(project, id);
      source.end();
      await expect(putting).rejects.toThrow(UploadMissing);
      expect(await spool.find(project, id)).toBeUndefined();
    });

    test('a project has so many uploads at a time; ended ones make room', async () => {
      const project = newProject();
      const ids: UploadId[] = [];
      for (let left = harness.mostUploads; left > 0; left--) ids.push((await begun(project))[1]);
      await expect(begun(project)).rejects.toMatchObject({ code: 'SlowDown' });
      await begun();
      await spool.end(project, ids[0]!);
      await begun(project);
    });

    test('all of a project goes, and nothing of another', async () => {
      const [project, id] = await begun();
      const [other, kept] = await begun();
      await spool.putPart(project, id, 1, inPieces(Buffer.from('x')));
      await spool.removeAll(project);
      await spool.removeAll(project);
      expect(await spool.find(project, id)).toBeUndefined();
      expect(await spool.find(other, kept)).toBeDefined();
    });

    test('those that are old enough are ended', async () => {
      const [project, id] = await begun();
      const begunAt = (await spool.find(project, id))!.begunAt;
      await spool.removeOlder(begunAt);
      expect(await spool.find(project, id)).toBeDefined();
      expect(await spool.removeOlder(new Date(begunAt.getTime() + 1))).toBeGreaterThanOrEqual(1);
      expect(await spool.find(project, id)).toBeUndefined();
    });

    test.each(['../../../etc', '', '.', 'A3D4C3C0-0F35-4E6B-8F36-1F9D1C7E35C0', 'a\0b'])(
      'nothing but an upload and a project becomes a path: %j',
      async (text) => {
        const [project, id] = [text as ProjectId, text as UploadId];
        const tries = [
          () => spool.begin(project, newUpload(), {}),
          () => spool.begin(newProject(), id, {}),
          () => spool.find(project, newUpload()),
          () => spool.find(newProject(), id),
          () => spool.end(newProject(), id),
          () => spool.fileOf(newProject(), id, 1),
          () => spool.append(newProject(), id, 1, 0, inPieces(Buffer.from('x'))),
          () => spool.putPart(newProject(), id, 1, inPieces(Buffer.from('x'))),
          () => spool.removeAll(project),
        ];
        for (const attempt of tries) await expect(attempt()).rejects.toThrow(TypeError);
      },
    );
  });
}
