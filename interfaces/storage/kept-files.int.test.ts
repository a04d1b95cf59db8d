/** What becomes of files between their rows and their bytes: room, sweeping, verifying. Against a real database and real files. */
import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inPieces, newVersion } from '../../application/ports/object-store.contract.ts';
import type { Place } from '../../application/ports/storage-directory.ts';
import { SweepFiles } from '../../application/storage/sweep-files.ts';
import { verifyFiles, type FileFinding } from '../../application/storage/verify-files.ts';
import { Rejection } from '../../domain/rejection.ts';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

const DAY_S = 24 * 60 * 60;
const MIB = 1024 * 1024;
const never = new AbortController().signal;

let under: Awaited<ReturnType<typeof storageUnderTest>>;
beforeAll(async () => {
  under = await storageUnderTest();
});
afterAll(() => under.close());

let id = '';
beforeEach(async () => {
  id = `b-${randomUUID().slice(0, 8)}`;
  const { error } = await under.service.createBucket(id);
  if (error) throw error;
});
afterEach(async () => {
  under.limit();
  await under.owner(
    `SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects; DELETE FROM storage.buckets`,
  );
  for (const project of [under.project, under.otherProject]) await under.storage.bytes.removeAll(project);
});

const upload = (name: string, bytes: Buffer = randomBytes(100)) => under.service.from(id).upload(name, bytes);
const versionOf = async (name: string) => {
  const { data } = await under.service.from(id).info(name);
  return data?.version ?? '';
};
const fileOf = (version: string) =>
  join(under.folder, 'objects', under.project, version.slice(0, 2), version);
/** a client that does not know how much it will send, and may go away */
const stream = (name: string) => {
  const options = {
    method: 'POST',
    headers: { authorization: `Bearer ${under.serviceKey}`, 'content-type': 'application/octet-stream' },
  };
  const req = request(`${under.url}/object/${id}/${name}`, options);
  const answer = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    req.on('error', reject);
    req.once('response', (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text: string) => (body += text));
      res.once('end', () => resolve({ status: res.statusCode, body }));
    });
  });
  answer.catch(() => {});
  return { req, answer };
};

test('a project has the room that it has, for all ways in together, and what goes makes room again', async () => {
  under.limit(undefined, { totalBytes: 1_000, files: 3 });
  expect((await upload('a', randomBytes(600))).error).toBeNull();
  expect((await upload('b', randomBytes(401))).error).toMatchObject({ status: 400, statusCode: '413' });
  expect((await upload('b', randomBytes(400))).error).toBeNull();
  expect(await under.usage.of(under.project)).toEqual({ files: 2, bytes: 1_000 });
  expect((await under.service.from(id).copy('b', 'c')).error).toMatchObject({ statusCode: '413' });
  await under.service.from(id).remove(['a']);
  expect((await under.service.from(id).copy('b', 'c')).error).toBeNull();
  expect((await upload('d', randomBytes(1))).error).toBeNull();
  expect((await upload('e', randomBytes(1))).error).toMatchObject({ statusCode: '413' });
  expect(await under.usage.of(under.project)).toEqual({ files: 3, bytes: 801 });
  expect(await under.usage.of(under.otherProject)).toEqual({ files: 0, bytes: 0 });
});

test('too much is refused while it comes, and the client hears of it', async () => {
  under.limit(undefined, { totalBytes: 100_000 });
  const { req, answer } = stream('endless');
  const sending = setInterval(() => req.write(randomBytes(10_000)), 5);
  const { status, body } = await answer;
  clearInterval(sending);
  req.destroy();
  expect([status, JSON.parse(body)]).toMatchObject([400, { statusCode: '413' }]);
  await expect.poll(() => under.versions()).toEqual([]);
  expect((await upload('small', randomBytes(99_000))).error).toBeNull();
});

test('clients that go away in the middle leave nothing, in the store or in the count', async () => {
  under.limit(undefined, { totalBytes: 2 * MIB, files: 1 });
  for (let round = 0; round < 5; round++) {
    const { req } = stream('gone');
    req.on('error', () => {});
    req.write(randomBytes(MIB));
    await new Promise((resolve) => setTimeout(resolve, 30));
    req.destroy();
  }
  await expect.poll(async () => (await upload('stays', randomBytes(2 * MIB))).error).toBeNull();
  expect(await under.versions()).toEqual([await versionOf('stays')]);
});

test('a length that lies is refused, and leaves nothing', async () => {
  const { req, answer } = stream('short');
  req.setHeader('content-length', '1000');
  req.write(randomBytes(10));
  await new Promise((resolve) => setTimeout(resolve, 30));
  req.destroy();
  await expect(answer).rejects.toThrow();
  under.limit(500);
  const long = stream('long');
  long.req.setHeader('content-length', '1000');
  long.req.write(randomBytes(10));
  expect(JSON.parse((await long.answer).body)).toMatchObject({ statusCode: '413' });
  long.req.destroy();
  await expect.poll(() => under.versions()).toEqual([]);
});

const sweeper = (apartMs = 1) => {
  const swept = { files: 0, bytes: 0 };
  const warned: string[] = [];
  const sweep = new SweepFiles(
    {
      bytes: under.storage.bytes,
      usage: under.usage,
      spool: under.spool,
      directory: under.storage.directory,
      projects: under.projects,
      clock: under.storage.clock,
      log: { debug() {}, info() {}, warn: (_fields, message) => void warned.push(message), error() {} },
      swept: ({ files, bytes }) => {
        swept.files += files;
        swept.bytes += bytes;
      },
    },
    { apartMs, pauseMs: 0 },
  );
  const look = async () => {
    await sweep.sweep(never);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { look, swept, warned };
};

test('bytes that no row names go when they are old and were twice seen without one; nothing else goes', async () => {
  for (const name of ['kept', 'lost', 'back']) await upload(name);
  const [kept, lost, back] = await Promise.all(['kept', 'lost', 'back'].map(versionOf));
  await under.owner(`SET storage.allow_delete_query = 'true'; CREATE TABLE saved AS SELECT bucket_id, name, version
      FROM storage.objects; DELETE FROM storage.objects WHERE name <> 'kept'`);
  const { look, swept } = sweeper();
  // not old yet
  for (let looks = 0; looks < 3; looks++) await look();
  expect(swept.files).toBe(0);
  under.advance(DAY_S + 1);
  await look();
  expect(new Set(await under.versions())).toEqual(new Set([kept, lost, back]));
  // a dump is loaded again
  await under.owner(`INSERT INTO storage.objects (bucket_id, name, version) SELECT * FROM saved WHERE name = 'back';
      DROP TABLE saved`);
  await look();
  expect(swept).toEqual({ files: 1, bytes: 100 });
  expect(new Set(await under.versions())).toEqual(new Set([kept, back]));
  expect(await under.usage.of(under.project)).toEqual({ files: 2, bytes: 200 });
  await look();
  expect(swept.files).toBe(1);
});

test('where rows cannot be read nothing is removed; the other projects are swept', async () => {
  await upload('mine');
  const [mine] = await under.versions();
  await under.disk.put(under.otherProject, newVersion(), inPieces(randomBytes(7)));
  under.advance(DAY_S + 1);
  const { look, swept, warned } = sweeper();
  await under.owner('ALTER TABLE storage.objects RENAME COLUMN version TO elsewhere');
  try {
    for (let looks = 0; looks < 3; looks++) await look();
  } finally {
    await under.owner('ALTER TABLE storage.objects RENAME COLUMN elsewhere TO version');
  }
  expect(warned).toEqual(Array.from({ length: 3 }, () => 'could not sweep the files of a project'));
  expect(await under.versions()).toEqual([mine]);
  expect(swept).toEqual({ files: 1, bytes: 7 });
});

test('of a project that is not there nothing is swept', async () => {
  await upload('mine');
  await under.owner(`SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects`);
  under.advance(DAY_S + 1);
  const { find } = under.projects;
  under.projects.find = () => Promise.reject(new Rejection('project/not-active', 'paused'));
  const { look, warned } = sweeper();
  try {
    for (let looks = 0; looks < 3; looks++) await look();
  } finally {
    under.projects.find = find;
  }
  expect(await under.versions()).toHaveLength(1);
  expect(warned).toEqual([]);
});

async function verified(forMs: number) {
  const { directory, bytes, clock } = under.storage;
  const findings: FileFinding[] = [];
  let [after, pieces, files]: [Place | undefined, number, number] = [undefined, 0, 0];
  do {
    const options = { after, bytesPerSecond: 100 * MIB, forMs };
    const piece = await verifyFiles({ directory, bytes, clock }, under.project, options, never);
    findings.push(...piece.findings);
    files += piece.files;
    after = piece.after;
    pieces++;
  } while (after !== undefined);
  return { findings: findings.map(({ name, fault }) => `${name}: ${fault}`), pieces, files };
}

test('verifying finds what is missing, cut short or changed, in one piece or in many', async () => {
  const names = ['changed', 'cut', 'empty', 'fine', 'gone', 'nonsense'];
  for (const name of names) await upload(name, name === 'empty' ? Buffer.alloc(0) : randomBytes(5_000));
  await writeFile(fileOf(await versionOf('changed')), randomBytes(5_000));
  await writeFile(fileOf(await versionOf('cut')), randomBytes(4_999));
  await rm(fileOf(await versionOf('gone')));
  await under.owner(`UPDATE storage.objects SET version = '../../../etc/passwd' WHERE name = 'nonsense'`);
  // nobody could have stored these, nor be told where to go on
  await under.owner(
    `INSERT INTO storage.objects (bucket_id, name) VALUES (NULL, 'a'), ('${id}', NULL), ('${id}', repeat('long', 2000))`,
  );
  const faults = ['changed: checksum', 'cut: size', 'gone: missing', 'nonsense: unknown'];
  expect(await verified(60_000)).toEqual({ findings: faults, pieces: 1, files: names.length });
  const inPieces = await verified(0);
  expect([inPieces.findings, inPieces.files]).toEqual([faults, names.length]);
  expect(inPieces.pieces).toBeGreaterThanOrEqual(names.length);
});

test('what somebody deletes or replaces while it is verified is no finding', async () => {
  await upload('replaced');
  const version = await versionOf('replaced');
  const { directory, clock } = under.storage;
  const bytes = {
    digest: async () => {
      await under.service.from(id).upload('replaced', randomBytes(50), { upsert: true });
      return { size: 1, md5: 'another' };
    },
  };
  const options = { after: undefined, bytesPerSecond: MIB, forMs: 60_000 };
  expect((await verifyFiles({ directory, bytes, clock }, under.project, options, never)).findings).toEqual(
    [],
  );
  expect(await versionOf('replaced')).not.toBe(version);
});

test('verifying keeps to its speed, and ends when it is told to', async () => {
  await upload('large', randomBytes(400_000));
  const { directory, bytes, clock } = under.storage;
  const startedMs = performance.now();
  const slowly = { after: undefined, bytesPerSecond: 1_000_000, forMs: 60_000 };
  await verifyFiles({ directory, bytes, clock }, under.project, slowly, never);
  // the last chunk is not waited for
  expect(performance.now() - startedMs).toBeGreaterThan(100);
  const stopping = new AbortController();
  const crawling = { ...slowly, bytesPerSecond: 10 };
  const begun = {
    digest: (...asked: Parameters<typeof bytes.digest>) => {
      setTimeout(() => stopping.abort(new Error('enough')), 50);
      return bytes.digest(...asked);
    },
  };
  const stopped = { directory, bytes: begun, clock };
  const verifying = verifyFiles(stopped, under.project, crawling, stopping.signal);
  verifying.catch(() => {});
  await expect(verifying).rejects.toThrow('enough');
});
