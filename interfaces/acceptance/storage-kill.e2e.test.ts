/** kill -9 of the process that stores files, while a hundred are uploaded: what was acknowledged is there, and no row lacks its bytes. */
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from 'tus-js-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startS3Server, type S3TestServer } from '../../infrastructure/testing/s3-server.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const UPLOADS = 100;
const AT_ONCE = 8;
const MOST_BYTES = 600_000;
/** of TUS and of S3's multipart uploads */
const PART_BYTES = 200_000;
const BUCKET = 'docs';
/** after so many answers, and a moment more */
const KILLS = [11, 35, 60, 85];

let s3: S3TestServer;
beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(() => s3.stop());

let platform: PlatformUnderTest | undefined;
afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));

async function startPlatform(more: Readonly<Record<string, string>>) {
  const under = (platform = await PlatformUnderTest.create(more));
  await under.start();
  const token = await under.owner('kill');
  const made = await under.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'files' } });
  const { id } = made.body;
  const keys = await under.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const key = keys.body.service_role_key;
  const url = `${under.url}/project/${id}/storage/v1`;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, apikey: key, ...(init.headers as Record<string, string>) },
      signal: AbortSignal.timeout(60_000),
    });
  const answer = await ask('/bucket', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: BUCKET, name: BUCKET, public: false }),
  });
  expect(answer.status).toBe(200);
  const pair = await under.call<{ id: string; secret: string }>(
    'POST',
    `/api/projects/${id}/storage/s3-keys`,
    { token, body: { name: 'kill' } },
  );
  const s3Client = new S3Client({
    endpoint: `${url}/s3`,
    region: 'local',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: pair.body.id, secretAccessKey: pair.body.secret },
  });
  return { under, id, ask, url, key, s3Client };
}

type Started = Awaited<ReturnType<typeof startPlatform>>;
type Bytes = Buffer<ArrayBuffer>;
/** Resolves when it was acknowledged; as clients do, what got no answer is asked again. */
type Way = (started: Started, name: string, bytes: Bytes) => Promise<void>;

async function whole(ask: () => Promise<Response>): Promise<void> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer?.status === 200) return;
    // no answer, or the gateway's
    expect(answer?.status ?? 503).toBeGreaterThanOrEqual(500);
    await soon();
  }
}

const raw: Way = ({ ask }, name, bytes) =>
  whole(() =>
    ask(`/object/${BUCKET}/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'x-upsert': 'true' },
      body: bytes,
    }),
  );

const form: Way = ({ ask }, name, bytes) =>
  whole(() => {
    const body = new FormData();
    body.append('cacheControl', '60');
    body.append('', new Blob([bytes]), name);
    return ask(`/object/${BUCKET}/${name}`, { method: 'PUT', body });
  });

const tus: Way = ({ url, key }, name, bytes) =>
  new Promise((resolve, reject) => {
    new Upload(bytes, {
      endpoint: `${url}/upload/resumable`,
      headers: { authorization: `Bearer ${key}`, 'x-upsert': 'true' },
      metadata: { bucketName: BUCKET, objectName: name, contentType: 'application/octet-stream' },
      chunkSize: PART_BYTES,
      retryDelays: Array.from({ length: 300 }, () => 200),
      onShouldRetry: (error) => (error.originalResponse?.getStatus() ?? 503) >= 423,
      onError: reject,
      onSuccess: () => resolve(),
    }).start();
  });

/** A part that was acknowledged is not sent again, whoever is killed. */
const multipart: Way = async ({ s3Client }, name, bytes) => {
  const it = { Bucket: BUCKET, Key: name };
  const parts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, at) =>
    bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES),
  );
  const { UploadId } = await answered(() => s3Client.send(new CreateMultipartUploadCommand(it)));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const Body of parts) {
    const PartNumber = Parts.length + 1;
    const part = { ...it, UploadId, PartNumber, Body };
    const { ETag } = await answered(() => s3Client.send(new UploadPartCommand(part)));
    Parts.push({ PartNumber, ETag });
  }
  let tries = 0;
  const complete = new CompleteMultipartUploadCommand({ ...it, UploadId, MultipartUpload: { Parts } });
  await answered(async () => {
    tries++;
    await s3Client.send(complete).catch((error: unknown) => {
      // an answer before this one was lost
      if (!(error instanceof S3ServiceException && error.name === 'NoSuchUpload' && tries > 1)) throw error;
    });
  });
};

async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await ask();
    } catch (error) {
      const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
      if (status !== undefined && status < 500) throw error;
      await soon();
    }
}

const WAYS = [raw, form, tus, multipart];

/** Uploads them all, by each way in turn, while the service is killed again and again. @returns what was acknowledged */
async function uploadUnderKills(started: Started): Promise<Map<string, string>> {
  let restart: Promise<void> | undefined;
  const [acknowledged, kills] = [new Map<string, string>(), [...KILLS]];
  const kill = () => {
    restart ??= started.under.killAndRestart('storage').finally(() => (restart = undefined));
  };
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < UPLOADS; at = next++) {
      const name = `file-${at}`;
      const bytes = randomBytes(1 + (randomBytes(4).readUInt32LE() % MOST_BYTES));
      await WAYS[at % WAYS.length]?.(started, name, bytes);
      acknowledged.set(name, md5(bytes));
      if (kills.length > 0 && acknowledged.size >= (kills[0] ?? Infinity)) {
        kills.shift();
        setTimeout(kill, Math.random() * 100);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await restart;
  expect([kills, acknowledged.size]).toEqual([[], UPLOADS]);
  return acknowledged;
}

test.each(['disk', 'S3'])(
  'of a hundred uploads to %s, by every way there is, nothing that was acknowledged is lost or changed, whenever the process is killed',
  async (where) => {
    const { settings } = s3;
    const started = await startPlatform(
      where === 'disk'
        ? {}
        : {
            STORAGE_S3_ENDPOINT: settings.endpoint ?? '',
            STORAGE_S3_BUCKET: settings.bucket,
            STORAGE_S3_PREFIX: 'kill/',
            STORAGE_S3_PATH_STYLE: 'on',
            STORAGE_S3_ACCESS_KEY_ID: settings.accessKeyId,
            STORAGE_S3_SECRET_ACCESS_KEY: settings.secretAccessKey,
          },
    );
    const { under, id, ask } = started;
    const acknowledged = await uploadUnderKills(started);

    const read = async (name: string) => {
      const answer = await ask(`/object/authenticated/${BUCKET}/${name}`);
      return { status: answer.status, md5: md5(new Uint8Array(await answer.arrayBuffer())) };
    };
    for (const [name, sum] of acknowledged)
      expect([name, await read(name)]).toEqual([name, { status: 200, md5: sum }]);
    const rows = await under.sql<{ name: string; sum: string }>(
      `SELECT name, trim(both '"' FROM metadata->>'eTag') AS sum FROM storage.objects`,
      [],
      id,
    );
    // nobody uploads anything but these, and each until it is acknowledged
    expect(rows.map(({ name }) => name).sort()).toEqual([...acknowledged.keys()].sort());
    const verified = await under.launchdb('storage', 'verify', id);
    expect([verified.code, verified.output]).toEqual([0, `${rows.length} files, all is well\n`]);
    started.s3Client.destroy();
  },
  1_200_000,
);
