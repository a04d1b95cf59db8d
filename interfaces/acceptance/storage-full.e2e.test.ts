/** A disk that is full: who has no room is told so by every way, what is there stays whole, and all works again when there is room. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { twoColours } from '../../application/ports/image-transformer.contract.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const DISK_MIB = 24;
/** more than there is room for, and no more than a server reads away to be heard */
const TOO_LARGE = randomBytes(28 * MIB);
const KEPT = randomBytes(5 * MIB);

let disk: string;
let platform: PlatformUnderTest;
let id: string;
let key: string;
let s3: S3Client;

const url = () => `${platform.url}/project/${id}/storage/v1`;
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'launchdb-full-'));
  // CI is root on Linux, as the tests of PostgreSQL's users are
  await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=700`, 'tmpfs', disk]);
  platform = await PlatformUnderTest.create({ STORAGE_DIR: disk, STORAGE_PROJECT_SIZE_MB: '0' });
  await platform.start();
  const token = await platform.owner('full');
  const body = { name: 'full' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
  const path = `/api/projects/${id}`;
  const keys = await platform.call<{ service_role_key: string }>('GET', `${path}/keys`, { token });
  key = keys.body.service_role_key;
  const made = await platform.call<{ id: string; secret: string }>('POST', `${path}/storage/s3-keys`, {
    token,
    body: { name: 'full' },
  });
  s3 = new S3Client({
    endpoint: `${url()}/s3`,
    region: 'local',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: made.body.id, secretAccessKey: made.body.secret },
  });
  const bucket = JSON.stringify({ id: 'docs', name: 'docs', public: true });
  const answer = await ask('POST', '/bucket', { 'content-type': 'application/json' }, bucket);
  if (answer.status !== 200) throw new Error(`no bucket: ${answer.status}`);
});
afterAll(async () => {
  s3.destroy();
  await platform.close();
  await run('umount', [disk]);
  await rm(disk, { recursive: true });
});

const ask = (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: NonNullable<RequestInit['body']>,
) =>
  fetch(`${url()}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, apikey: key, ...headers },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(120_000),
  });
const told = async (answer: Promise<Response>) => {
  const { status, headers } = await answer;
  const body = (await (await answer).json().catch(() => undefined)) as { statusCode?: string } | undefined;
  return { status, statusCode: body?.statusCode, headers };
};
const FULL = { status: 507, statusCode: '507' };
const put = (name: string, bytes: Buffer<ArrayBuffer>, type = 'application/octet-stream', method = 'POST') =>
  told(ask(method, `/object/docs/${name}`, { 'content-type': type }, bytes));
const form = (name: string, bytes: Buffer<ArrayBuffer>) => {
  const body = new FormData();
  body.append('', new Blob([bytes]), name);
  return told(ask('POST', `/object/docs/${name}`, {}, body));
};
const sumOf = async (name: string) => {
  const answer = await fetch(`${url()}/object/public/docs/${name}`);
  return [answer.status, md5(new Uint8Array(await answer.arrayBuffer()))];
};
const ofS3 = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) =>
      error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : error,
  );
const s3Put = (Key: string, Body: Buffer) =>
  ofS3(s3.send(new PutObjectCommand({ Bucket: 'docs', Key, Body })));

const TUS = { 'tus-resumable': '1.0.0' };
const encoded = (text: string) => Buffer.from(text).toString('base64');
const beginTus = (name: string, length: number) =>
  told(
    ask('POST', '/upload/resumable', {
      ...TUS,
      'upload-length': String(length),
      'upload-metadata': `bucketName ${encoded('docs')},objectName ${encoded(name)}`,
    }),
  );
const below = (location: string | null) => (location ?? '').slice(url().length);
const patchTus = (path: string, offset: number, bytes: Buffer<ArrayBuffer>) =>
  told(
    ask(
      'PATCH',
      path,
      { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
      bytes,
    ),
  );
const offsetOf = async (path: string) =>
  Number((await ask('HEAD', path, TUS)).headers.get('upload-offset') ?? NaN);

/** by their folders: objects, uploads, temporary, images */
async function filesOn(folder: string): Promise<number> {
  const found = await readdir(join(disk, folder), { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).length;
}
const uploads = async () => (await readdir(join(disk, 'uploads', id)).catch(() => [])).length;

const junk = () => join(disk, 'junk');
/** Not one byte is left. */
async function fill(): Promise<void> {
  const file = await open(junk(), 'a');
  for (const size of [MIB, 4096, 1])
    for (;;) {
      const written = await file.write(Buffer.alloc(size)).catch(() => undefined);
      if (written?.bytesWritten !== size) break;
    }
  await file.close();
}

test('what has no room is told 507, however it comes; nothing of it stays, and nothing else goes', async () => {
  const [before, picture] = [randomBytes(MIB), await twoColours(300, 200).jpeg().toBuffer()];
  expect(await put('kept', KEPT)).toMatchObject({ status: 200 });
  expect(await put('before', before)).toMatchObject({ status: 200 });
  expect(await put('picture.jpg', Buffer.from(picture), 'image/jpeg')).toMatchObject({ status: 200 });

  expect(await put('large', TOO_LARGE)).toMatchObject(FULL);
  expect(await form('large', TOO_LARGE)).toMatchObject(FULL);
  expect(await put('before', TOO_LARGE, 'application/octet-stream', 'PUT')).toMatchObject(FULL);
  expect(await s3Put('large', TOO_LARGE)).toBe('507 InsufficientStorage');
  const it = { Bucket: 'docs', Key: 'large' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(it));
  const part = new UploadPartCommand({ ...it, UploadId, PartNumber: 1, Body: TOO_LARGE });
  expect(await ofS3(s3.send(part))).toBe('507 InsufficientStorage');
  expect([await filesOn('objects'), await filesOn('temporary')]).toEqual([3, 0]);
  expect(await ofS3(s3.send(new UploadPartCommand({ ...it, UploadId, PartNumber: 1, Body: 'a' })))).toBe(
    'done',
  );

  // of an upload that goes on what has come stays, until it is ended
  const begun = await beginTus('large', TOO_LARGE.length);
  const path = below(begun.headers.get('location'));
  expect([begun.status, await patchTus(path, 0, TOO_LARGE)]).toEqual([201, expect.objectContaining(FULL)]);
  const offset = await offsetOf(path);
  expect(offset).toBeGreaterThan(MIB);
  expect(offset).toBeLessThan(DISK_MIB * MIB);
  expect(await put('small', randomBytes(MIB))).toMatchObject(FULL);
  expect((await ask('DELETE', path, TUS)).status).toBe(204);
  expect(await put('small', randomBytes(MIB))).toMatchObject({ status: 200 });

  expect(await sumOf('kept')).toEqual([200, md5(KEPT)]);
  expect(await sumOf('before')).toEqual([200, md5(before)]);
  const rows = await platform.sql<{ name: string }>('SELECT name FROM storage.objects ORDER BY 1', [], id);
  expect(rows.map(({ name }) => name)).toEqual(['before', 'kept', 'picture.jpg', 'small']);
});

test('without one byte left it serves, lists, moves and deletes, also started anew; and goes on when there is room', async () => {
  const bytes = randomBytes(2 * MIB);
  const begun = await beginTus('resumed', bytes.length);
  const path = below(begun.headers.get('location'));
  expect((await patchTus(path, 0, bytes.subarray(0, MIB))).status).toBe(204);
  const before = await uploads();
  await fill();
  expect(await put('tiny', Buffer.from('tiny'))).toMatchObject(FULL);
  expect(await form('tiny', Buffer.from('tiny'))).toMatchObject(FULL);
  expect(await s3Put('tiny', Buffer.from('tiny'))).toBe('507 InsufficientStorage');
  expect(await beginTus('tiny', 4)).toMatchObject(FULL);
  const create = new CreateMultipartUploadCommand({ Bucket: 'docs', Key: 'tiny' });
  expect(await ofS3(s3.send(create))).toBe('507 InsufficientStorage');
  expect(await patchTus(path, MIB, bytes.subarray(MIB))).toMatchObject(FULL);
  expect([await uploads(), await filesOn('temporary')]).toEqual([before, 0]);

  const move = (what: string, sourceKey: string, destinationKey: string) =>
    told(
      ask(
        'POST',
        `/object/${what}`,
        { 'content-type': 'application/json' },
        JSON.stringify({ bucketId: 'docs', sourceKey, destinationKey }),
      ),
    );
  expect(await move('copy', 'kept', 'copied')).toMatchObject(FULL);
  expect(await move('move', 'kept', 'moved')).toMatchObject({ status: 200 });
  expect(await sumOf('moved')).toEqual([200, md5(KEPT)]);
  const smaller = await fetch(`${url()}/render/image/public/docs/picture.jpg?width=30`);
  expect([smaller.status, (await smaller.arrayBuffer()).byteLength > 100]).toEqual([200, true]);
  expect((await ask('DELETE', '/object/docs/small')).status).toBe(200);
  await fill();

  await platform.killAndRestart('storage');
  expect(await sumOf('moved')).toEqual([200, md5(KEPT)]);
  expect(await put('tiny', Buffer.from('tiny'))).toMatchObject(FULL);

  await rm(junk());
  const offset = await offsetOf(path);
  expect((await patchTus(path, offset, bytes.subarray(offset))).status).toBe(204);
  expect(await sumOf('resumed')).toEqual([200, md5(bytes)]);
  expect([await put('tiny', Buffer.from('tiny')), await s3Put('tiny', Buffer.from('other'))]).toEqual([
    expect.objectContaining({ status: 200 }),
    'done',
  ]);
  const verified = await platform.launchdb('storage', 'verify', id);
  expect(verified).toEqual({ code: 0, output: '5 files, all is well\n' });
  const usage = await platform.launchdb('storage', 'usage', id);
  expect(usage.output).toMatch(/^5 files, /);
});
