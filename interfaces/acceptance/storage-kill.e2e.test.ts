/** kill -9 of the process that stores files, while a hundred are uploaded: what was acknowledged is there, and no row lacks its bytes. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startS3Server, type S3TestServer } from '../../infrastructure/testing/s3-server.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const UPLOADS = 100;
const AT_ONCE = 6;
const MOST_BYTES = 600_000;
/** after so many answers, and a moment more */
const KILLS = [7, 24, 41, 58, 75, 92];

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

async function startPlatform(more: Readonly<Record<string, string>>) {
  const under = (platform = await PlatformUnderTest.create(more));
  await under.start();
  const token = await under.owner('kill');
  const made = await under.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'files' } });
  const { id } = made.body;
  const keys = await under.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const key = keys.body.service_role_key;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${under.url}/project/${id}/storage/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, apikey: key, ...(init.headers as Record<string, string>) },
      signal: AbortSignal.timeout(60_000),
    });
  const bucket = { id: 'docs', name: 'docs', public: false };
  const answer = await ask('/bucket', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bucket),
  });
  expect(answer.status).toBe(200);
  return { under, id, ask };
}

type Ask = Awaited<ReturnType<typeof startPlatform>>['ask'];

/** The ways that files come in one request, in turn. */
function upload(ask: Ask, at: number, name: string, bytes: Buffer<ArrayBuffer>): Promise<Response> {
  const path = `/object/docs/${name}`;
  if (at % 2 === 0)
    return ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'x-upsert': 'true' },
      body: bytes,
    });
  const form = new FormData();
  form.append('cacheControl', '60');
  form.append('', new Blob([bytes]), name);
  return ask(path, { method: 'PUT', body: form });
}

test.each(['disk', 'S3'])(
  'of a hundred uploads to %s nothing that was acknowledged is lost or changed, whenever the process is killed',
  async (where) => {
    const { settings } = s3;
    const { under, id, ask } = await startPlatform(
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
    let restart: Promise<void> | undefined;
    const [acknowledged, kills] = [new Map<string, string>(), [...KILLS]];
    const kill = () => {
      restart ??= under.killAndRestart('storage').finally(() => (restart = undefined));
    };
    let next = 0;
    const lane = async () => {
      for (let at = next++; at < UPLOADS; at = next++) {
        const name = `file-${at}`;
        const bytes = randomBytes(1 + (randomBytes(4).readUInt32LE() % MOST_BYTES));
        // as clients ask: what got no answer is asked again
        for (;;) {
          const answer = await upload(ask, at, name, bytes).catch(() => undefined);
          if (answer?.status === 200) break;
          await (restart ?? new Promise((resolve) => setTimeout(resolve, 100)));
        }
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
    expect(kills).toEqual([]);

    const read = async (name: string) => {
      const answer = await ask(`/object/authenticated/docs/${name}`);
      return { status: answer.status, md5: md5(new Uint8Array(await answer.arrayBuffer())) };
    };
    for (const [name, sum] of acknowledged)
      expect([name, await read(name)]).toEqual([name, { status: 200, md5: sum }]);
    const rows = await under.sql<{ name: string; sum: string }>(
      `SELECT name, trim(both '"' FROM metadata->>'eTag') AS sum FROM storage.objects`,
      [],
      id,
    );
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged.size);
    for (const { name, sum } of rows)
      expect([name, await read(name)]).toEqual([name, { status: 200, md5: sum }]);
    const verified = await under.launchdb('storage', 'verify', id);
    expect([verified.code, verified.output]).toEqual([0, `${rows.length} files, all is well\n`]);
  },
  600_000,
);
