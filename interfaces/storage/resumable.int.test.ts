/** Resumable uploads by an unmodified tus-js-client, and by those who do not keep to the protocol. */
import { randomBytes, randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unavailable } from '../../application/errors.ts';
import type { UploadId } from '../../application/ports/upload-spool.ts';
import { inPieces } from '../../application/ports/object-store.contract.ts';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

const MIB = 1024 * 1024;
const run = promisify(execFile);
let under: Awaited<ReturnType<typeof storageUnderTest>>;
let id: string;
beforeAll(async () => {
  under = await storageUnderTest();
  id = await bucket();
});
afterAll(() => under.close());

async function bucket(options: Parameters<typeof under.service.createBucket>[1] = { public: false }) {
  const name = `b-${randomUUID().slice(0, 8)}`;
  expect((await under.service.createBucket(name, options)).error).toBeNull();
  return name;
}
const key = () => `folder/${randomUUID()}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

interface Ended {
  readonly url: string;
  readonly methods: readonly string[];
}

/** @param options with `chunkSize` and whatever else the client takes; `stopAt`: it is aborted when so many bytes are there */
function upload(
  bytes: Buffer,
  { stopAt, ...options }: UploadOptions & { stopAt?: number } = {},
): Promise<Ended> {
  const methods: string[] = [];
  return new Promise((resolve, reject) => {
    const it: Upload = new Upload(bytes, {
      endpoint: `${under.url}/upload/resumable`,
      retryDelays: null,
      headers: bearer(under.serviceKey),
      ...options,
      onBeforeRequest: (request) => void methods.push(request.getMethod()),
      onChunkComplete: (_size, accepted) => {
        if (stopAt === undefined || accepted < stopAt) return;
        void it.abort().then(() => resolve({ url: it.url ?? '', methods }));
      },
      onError: reject,
      onSuccess: () => resolve({ url: it.url ?? '', methods }),
    });
    it.start();
  });
}
const to = (objectName: string, more: Record<string, string> = {}) => ({
  metadata: { bucketName: id, objectName, ...more },
});

const TUS = { 'tus-resumable': '1.0.0' };
const named = (objectName: string, more: Record<string, string> = {}) =>
  Object.entries({ bucketName: id, objectName, ...more })
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',');

type Sent = NonNullable<RequestInit['body']>;

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly code?: string; readonly statusCode?: string; readonly message?: string };
}

async function ask(
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: Sent,
): Promise<Asked> {
  const init = { method, headers: { ...TUS, ...headers }, body: body ?? null, duplex: 'half' };
  const answer = await fetch(url, init as RequestInit);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text ? (JSON.parse(text) as Asked['body']) : {},
  };
}
const begin = (headers: Record<string, string>, token = under.serviceKey) =>
  ask('POST', `${under.url}/upload/resumable`, { ...bearer(token), ...headers });
const part = (
  url: string,
  offset: number | string,
  body: Sent,
  { token = under.serviceKey, ...headers }: Record<string, string> & { token?: string } = {},
) =>
  ask(
    'PATCH',
    url,
    {
      ...bearer(token),
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...headers,
    },
    body,
  );
const offsetOf = async (url: string) => {
  const { status, headers } = await ask('HEAD', url, {});
  return status === 200 ? Number(headers.get('upload-offset')) : `status ${status}`;
};

/** @returns where it goes on */
async function begun(name: string, size: number, headers: Record<string, string> = {}, token?: string) {
  const answer = await begin(
    { 'upload-length': String(size), 'upload-metadata': named(name), ...headers },
    token,
  );
  expect([answer.status, answer.body]).toEqual([201, {}]);
  return answer.headers.get('location') ?? '';
}
const stored = async (name: string, of = id) => {
  const { data } = await under.service.from(of).download(name);
  return data && Buffer.from(await data.arrayBuffer());
};

/** A PATCH that says more than it sends, and stays: what it sends has come when this resolves. */
async function holding(url: string, says: number, sent: string): Promise<Socket> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    [
      `PATCH ${pathname} HTTP/1.1`,
      'host: x',
      'tus-resumable: 1.0.0',
      `authorization: Bearer ${under.serviceKey}`,
      'content-type: application/offset+octet-stream',
      'upload-offset: 0',
      `content-length: ${says}`,
      '',
      sent,
    ].join('\r\n'),
  );
  const upload = pathname.split('/').at(-1) as UploadId;
  const come = async () => (await under.spool.find(under.project, upload))?.parts[0]?.size;
  await expect.poll(come).toBe(sent.length);
  return socket;
}

describe('the client', () => {
  test('uploads in chunks, and the object is as any other', async () => {
    const [name, bytes] = [key(), randomBytes(3 * MIB + 5)];
    const described = {
      contentType: 'text/plain;charset=UTF-8',
      cacheControl: '3600',
      metadata: JSON.stringify({ mine: 'ja, ü' }),
    };
    const { url, methods } = await upload(bytes, { ...to(name, described), chunkSize: MIB });
    expect(methods).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']);
    expect(url).toMatch(new RegExp(`^${under.url}/upload/resumable/[0-9a-f-]{36}$`));
    expect((await stored(name))?.equals(bytes)).toBe(true);
    const { data } = await under.service.from(id).info(name);
    expect(data).toMatchObject({
      size: bytes.length,
      contentType: 'text/plain;charset=UTF-8',
      cacheControl: 'max-age=3600',
      metadata: { mine: 'ja, ü' },
    });
    expect(await offsetOf(url)).toBe('status 404');
    for await (const left of under.storage.spool.list(under.project))
      expect(left.about['name']).not.toBe(name);
  });

  test('uploads nothing at all, which is whole at the POST', async () => {
    const name = key();
    const { methods } = await upload(Buffer.alloc(0), to(name));
    expect([methods, (await stored(name))?.length]).toEqual([['POST'], 0]);
  });

  test('uploads with the POST, and without knowing how much it will be', async () => {
    const [one, other] = [key(), key()];
    const sent = await upload(Buffer.from('hello'), { ...to(one), uploadDataDuringCreation: true });
    expect([sent.methods, (await stored(one))?.toString()]).toEqual([['POST'], 'hello']);
    const bytes = randomBytes(2 * MIB + 1);
    await upload(bytes, { ...to(other), uploadLengthDeferred: true, chunkSize: MIB });
    expect((await stored(other))?.equals(bytes)).toBe(true);
  });

  test('goes on where it broke off, by another token of the same right', async () => {
    const [name, bytes] = [key(), randomBytes(4 * MIB)];
    const { url } = await upload(bytes, { ...to(name), chunkSize: MIB, stopAt: 2 * MIB });
    expect(await stored(name)).toBeNull();
    const again = await upload(bytes, {
      uploadUrl: url,
      chunkSize: MIB,
      headers: bearer(await under.token({ role: 'service_role' })),
    });
    expect(again.methods).toEqual(['HEAD', 'PATCH', 'PATCH']);
    expect((await stored(name))?.equals(bytes)).toBe(true);
  });

  test('begins anew when what it knew of is finished or over', async () => {
    const name = key();
    const { url } = await upload(Buffer.from('first'), to(name));
    const again = await upload(Buffer.from('second'), {
      ...to(name),
      uploadUrl: url,
      headers: { ...bearer(under.serviceKey), 'x-upsert': 'true' },
    });
    expect(again.methods).toEqual(['HEAD', 'POST', 'PATCH']);
    expect((await stored(name))?.toString()).toBe('second');
  });

  test('ends an upload', async () => {
    const { url } = await upload(randomBytes(2 * MIB), { ...to(key()), chunkSize: MIB, stopAt: MIB });
    await Upload.terminate(url, { headers: bearer(under.serviceKey), retryDelays: null });
    expect(await offsetOf(url)).toBe('status 404');
    expect((await ask('DELETE', url, bearer(under.serviceKey))).status).toBe(404);
  });

  test('has an address within the public one, whatever host it says that it asks', async () => {
    const { headers } = await begin({
      'upload-length': '1',
      'upload-metadata': named(key()),
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'ftp,https',
      'x-forwarded-prefix': '/elsewhere',
      forwarded: 'host=evil.example.com;proto=https',
    });
    expect(headers.get('location')).toMatch(new RegExp(`^${under.url}/upload/resumable/`));
    expect(Date.parse(headers.get('upload-expires') ?? '')).toBeGreaterThan(
      new Date().getTime() + 23 * 3_600_000,
    );
  });

  test('hears what is spoken here', async () => {
    for (const url of [`${under.url}/upload/resumable`, `${under.url}/upload/resumable/sign/x`]) {
      const { status, headers } = await ask('OPTIONS', url, {});
      expect([status, headers.get('tus-version'), headers.get('tus-max-size')]).toEqual([
        204,
        '1.0.0',
        String(50 * MIB),
      ]);
      expect(headers.get('tus-extension')?.split(',')).toEqual(
        expect.arrayContaining([
          'creation',
          'creation-with-upload',
          'creation-defer-length',
          'expiration',
          'termination',
        ]),
      );
    }
  });
});

describe('policies', () => {
  test('are asked when it begins and at each part, of the row as it will be; what has come is kept', async () => {
    const { token, sub } = await under.user();
    const name = `${sub}/${randomUUID()}`;
    const described = named(name, { contentType: 'image/png', metadata: '{"of":"me"}' });
    const headers = { 'upload-length': '10', 'upload-metadata': described };
    expect(await begin(headers, token)).toMatchObject({ status: 403, body: { code: 'AccessDenied' } });
    const policy = `mine_${randomUUID().slice(0, 8)}`;
    await under.owner(`CREATE POLICY ${policy} ON storage.objects FOR INSERT TO authenticated
      WITH CHECK (bucket_id = '${id}' AND (storage.foldername(name))[1] = auth.jwt()->>'sub' AND owner_id = auth.jwt()->>'sub'
        AND metadata->>'mimetype' = 'image/png' AND (metadata->>'size')::int = 10 AND user_metadata->>'of' = 'me'
        AND storage.operation() LIKE 'storage.tus.upload.%')`);
    const url = (await begin(headers, token)).headers.get('location') ?? '';
    expect((await part(url, 0, '12345', { token })).status).toBe(204);
    // another user, whose the name is not
    expect((await part(url, 5, '67890', { token: (await under.user()).token })).status).toBe(403);
    await under.owner(`DROP POLICY ${policy} ON storage.objects`);
    const refused = await part(url, 5, '67890', { token });
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'AccessDenied', statusCode: '403' }]);
    expect(await offsetOf(url)).toBe(5);
    await under.owner(`CREATE POLICY ${policy} ON storage.objects FOR INSERT TO authenticated
      WITH CHECK (bucket_id = '${id}')`);
    expect((await part(url, 5, '67890', { token })).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('1234567890');
    await under.owner(`DROP POLICY ${policy} ON storage.objects`);
  });

  test('a token that is over, or of another project, refuses the part, and keeps what has come', async () => {
    const soon = Math.floor(new Date().getTime() / 1000) + 1_000;
    const token = await under.token({ role: 'service_role', exp: soon });
    const name = key();
    const url = await begun(name, 4, {}, token);
    expect((await part(url, 0, 'ab', { token })).status).toBe(204);
    under.advance(2_000);
    for (const bad of [token, 'nonsense', await under.token({ role: 'service_role' }, under.otherProject)])
      expect(await part(url, 2, 'cd', { token: bad })).toMatchObject({
        status: 403,
        body: { code: 'AccessDenied' },
      });
    const without = await ask(
      'PATCH',
      url,
      { 'content-type': 'application/offset+octet-stream', 'upload-offset': '2' },
      'cd',
    );
    expect(without.status).toBe(400);
    expect((await ask('DELETE', url, bearer(token))).status).toBe(403);
    expect(await offsetOf(url)).toBe(2);
    under.advance(-2_000);
    expect((await part(url, 2, 'cd')).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('abcd');
  });

  test('an upload of one project is nothing in another', async () => {
    const url = await begun(key(), 4);
    const elsewhere = url.replace(under.url, under.otherUrl);
    const token = await under.token({ role: 'service_role' }, under.otherProject);
    expect(await offsetOf(elsewhere)).toBe('status 404');
    expect((await part(elsewhere, 0, 'abcd', { token })).status).toBe(404);
    expect((await ask('DELETE', elsewhere, bearer(token))).status).toBe(404);
    expect(await offsetOf(url)).toBe(0);
  });
});

describe('a signed link', () => {
  const endpoint = () => `${under.url}/upload/resumable/sign`;
  const linkTo = async (name: string, upsert = false) =>
    (await under.service.from(id).createSignedUploadUrl(name, { upsert })).data?.token ?? '';

  test('uploads without a key, to its object alone; what replaces what, the link says', async () => {
    const [name, other] = [key(), key()];
    const link = await linkTo(name);
    const signed = { headers: { 'x-signature': link }, endpoint: endpoint() };
    await expect(upload(Buffer.from('x'), { ...signed, ...to(other) })).rejects.toThrow(/InvalidSignature/);
    const { url, methods } = await upload(Buffer.from('hello'), { ...signed, ...to(name), chunkSize: 2 });
    expect(methods).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH']);
    expect(url).toContain('/upload/resumable/sign/');
    expect((await stored(name))?.toString()).toBe('hello');
    const upsert = { ...signed.headers, 'x-upsert': 'true' };
    await expect(upload(Buffer.from('y'), { ...signed, headers: upsert, ...to(name) })).rejects.toThrow(
      /response code: 409/,
    );
    await upload(Buffer.from('again'), {
      endpoint: endpoint(),
      headers: { 'x-signature': await linkTo(name, true) },
      ...to(name),
    });
    expect((await stored(name))?.toString()).toBe('again');
  });

  test('is needed at each part, and good for as long as it says', async () => {
    const name = key();
    const link = await linkTo(name);
    const headers = { 'upload-length': '4', 'upload-metadata': named(name), 'x-signature': link };
    const url = (await ask('POST', endpoint(), headers)).headers.get('location') ?? '';
    const go = (offset: number, bytes: string, more: Record<string, string>) =>
      ask(
        'PATCH',
        url,
        { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), ...more },
        bytes,
      );
    expect((await go(0, 'ab', { 'x-signature': link })).status).toBe(204);
    const elsewhere = (await under.service.from(id).createSignedUploadUrl(key())).data?.token ?? '';
    for (const bad of ['', 'nonsense', elsewhere, `${link}x`])
      expect((await go(2, 'cd', { 'x-signature': bad })).status).toBe(400);
    expect((await go(2, 'cd', {})).status).toBe(400);
    expect(await offsetOf(url)).toBe(2);
    under.advance(7_300);
    expect((await go(2, 'cd', { 'x-signature': link })).body).toMatchObject({ code: 'InvalidJWT' });
    under.advance(-7_300);
    expect((await go(2, 'cd', { 'x-signature': link })).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('abcd');
  });
});

describe('one name, several uploads', () => {
  test('to a free one: the first to be whole is stored, the other is told, and is over', async () => {
    const name = key();
    const [first, second] = [await begun(name, 5), await begun(name, 6)];
    expect((await part(second, 0, 'second')).status).toBe(204);
    expect(await part(first, 0, 'first')).toMatchObject({
      status: 409,
      body: { code: expect.stringMatching(/AlreadyExists/) as string },
    });
    expect((await stored(name))?.toString()).toBe('second');
    const both = await Promise.all(
      ['aa', 'bb'].map(async (text) => [text, await begun(`${name}-2`, 2)] as const),
    );
    const outcomes = await Promise.all(both.map(([text, url]) => part(url, 0, text)));
    expect(outcomes.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
  });

  test('one that others were faster than while its last part came is over', async () => {
    const name = key();
    const [slow, fast] = [await begun(name, 5), await begun(name, 4)];
    const held = await holding(slow, 5, 'slow');
    expect((await part(fast, 0, 'fast')).status).toBe(204);
    const answer = once(held, 'data');
    held.write('!');
    expect(String((await answer)[0])).toMatch(/^HTTP\/1.1 409 /);
    held.destroy();
    expect(await offsetOf(slow)).toBe('status 404');
    expect((await stored(name))?.toString()).toBe('fast');
  });

  test('x-upsert replaces; without it what is there is told at once', async () => {
    const name = key();
    await upload(Buffer.from('first'), to(name));
    const again = await begin({ 'upload-length': '1', 'upload-metadata': named(name) });
    expect(again).toMatchObject({ status: 409 });
    await upload(Buffer.from('second'), {
      ...to(name),
      headers: { ...bearer(under.serviceKey), 'x-upsert': 'true' },
    });
    expect((await stored(name))?.toString()).toBe('second');
  });
});

describe('limits', () => {
  test('of a bucket and of the project, by what is said and by what comes', async () => {
    const small = await bucket({ public: false, fileSizeLimit: 10, allowedMimeTypes: ['text/plain'] });
    const metadata = named(key(), { bucketName: small, contentType: 'text/plain' });
    const beginIn = (headers: Record<string, string>) => begin({ 'upload-metadata': metadata, ...headers });
    expect(await beginIn({ 'upload-length': '11' })).toMatchObject({
      status: 413,
      body: { code: 'EntityTooLarge' },
    });
    const picture = named(key(), { bucketName: small, contentType: 'image/png' });
    expect(await begin({ 'upload-metadata': picture, 'upload-length': '1' })).toMatchObject({
      status: 415,
      body: { code: 'InvalidMimeType' },
    });
    const open = (await beginIn({ 'upload-defer-length': '1' })).headers.get('location') ?? '';
    expect((await ask('HEAD', open, {})).headers.get('upload-defer-length')).toBe('1');
    expect((await part(open, 0, '123456')).status).toBe(204);
    expect((await part(open, 6, '1234567')).status).toBe(413);
    expect(await offsetOf(open)).toBeLessThanOrEqual(10);
    under.limit(3);
    expect((await begin({ 'upload-length': '4', 'upload-metadata': named(key()) })).status).toBe(413);
    under.limit();
  });

  test('how much a deferred upload is, only who may upload it says, within the limits', async () => {
    const name = key();
    const headers = { 'upload-defer-length': '1', 'upload-metadata': named(name) };
    const url = (await begin(headers)).headers.get('location') ?? '';
    expect((await part(url, 0, 'ab')).status).toBe(204);
    const { token } = await under.user();
    const lengthOf = async () => (await ask('HEAD', url, {})).headers.get('upload-length');
    expect((await part(url, 2, '', { token, 'upload-length': '2' })).status).toBe(403);
    expect((await part(url, 2, 'c', { token: 'nonsense', 'upload-length': '3' })).status).toBe(403);
    for (const length of ['1', '-1', '1e9', String(51 * MIB), 'x'])
      expect([400, 413]).toContain((await part(url, 2, 'c', { 'upload-length': length })).status);
    expect(await lengthOf()).toBeNull();
    expect((await part(url, 2, 'c', { 'upload-length': '4' })).status).toBe(204);
    expect(await lengthOf()).toBe('4');
    for (const length of ['3', '5'])
      expect((await part(url, 3, 'd', { 'upload-length': length })).status).toBe(400);
    expect((await part(url, 3, 'd')).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('abcd');
    // all of it came before anybody said how much it is
    const other = key();
    const open = { ...headers, 'upload-metadata': named(other) };
    const late = (await begin(open)).headers.get('location') ?? '';
    expect((await part(late, 0, 'all')).status).toBe(204);
    expect((await part(late, 3, '', { 'upload-length': '3' })).status).toBe(204);
    expect((await stored(other))?.toString()).toBe('all');
  });

  test('what is over a day old is no upload any more', async () => {
    const url = await begun(key(), 4);
    await part(url, 0, 'ab');
    under.advance(25 * 3_600);
    expect(await offsetOf(url)).toBe('status 404');
    expect((await part(url, 2, 'cd')).status).toBe(404);
    under.advance(-25 * 3_600);
    expect(await offsetOf(url)).toBe(2);
  });
});

describe('who does not keep to the protocol', () => {
  test('offsets that lie are told, and change nothing', async () => {
    const name = key();
    const url = await begun(name, 10);
    await part(url, 0, '12345');
    for (const offset of [0, 4, 6, 10, 1_000_000])
      expect(await part(url, offset, 'x')).toMatchObject({
        status: 409,
        body: { code: 'InvalidUploadOffset' },
      });
    for (const offset of ['-1', '5.0', '0x5', ' ', '1e0', '5,5', '99999999999999999999'])
      expect((await part(url, offset, 'x')).status).toBe(400);
    expect(await offsetOf(url)).toBe(5);
    // more than is left, by what is said and by what comes
    expect((await part(url, 5, '123456')).status).toBe(413);
    const more = new ReadableStream({
      start(controller) {
        for (const text of ['67', '8901234']) controller.enqueue(Buffer.from(text));
        controller.close();
      },
    });
    expect((await part(url, 5, more)).status).toBe(413);
    const offset = Number(await offsetOf(url));
    expect([5, 7]).toContain(offset);
    expect((await part(url, offset, '67890'.slice(offset - 5))).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('1234567890');
  });

  test.each<[string, Record<string, string>, number]>([
    ['no length', {}, 400],
    ['two lengths', { 'upload-length': '1', 'upload-defer-length': '1' }, 400],
    ['a negative length', { 'upload-length': '-1' }, 400],
    ['a length that is a float', { 'upload-length': '1e3' }, 400],
    ['a length beyond numbers', { 'upload-length': '9'.repeat(30) }, 400],
    ['a length that is deferred otherwise', { 'upload-defer-length': '2' }, 400],
    ['no version', { 'upload-length': '1', 'tus-resumable': '' }, 412],
    ['another version', { 'upload-length': '1', 'tus-resumable': '0.2.2' }, 412],
    ['parts to be joined', { 'upload-length': '1', 'upload-concat': 'partial' }, 501],
  ])('%s', async (_what, headers, status) => {
    const answer = await begin({ 'upload-metadata': named(key()), ...headers });
    expect([answer.status, answer.body.statusCode]).toEqual([status, String(status)]);
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
  });

  test.each<[string, string, number, string]>([
    ['no names', 'x', 400, 'InvalidKey'],
    ['no base64', 'bucketName !,objectName !', 400, 'InvalidRequest'],
    ['a key twice', 'bucketName YQ==,bucketName YQ==', 400, 'InvalidRequest'],
    ['a key of all objects', '__proto__ YQ==', 400, 'InvalidRequest'],
    ['no bucket', 'objectName YQ==', 404, 'NoSuchBucket'],
  ])('metadata: %s', async (_what, metadata, status, code) => {
    const answer = await begin({ 'upload-length': '1', 'upload-metadata': metadata });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test.each(['', '/', 'a//b', 'a/', '/a', '../a', 'a/./b', 'a\0b', 'a\nb', 'ü', 'a%b', 'x'.repeat(2_000)])(
    'the key %j',
    async (name) => {
      const answer = await begin({ 'upload-length': '1', 'upload-metadata': named(name) });
      expect([answer.status, answer.body.code]).toEqual([400, 'InvalidKey']);
    },
  );

  test('what PostgreSQL cannot hold, and what is no JSON, is the caller’s fault', async () => {
    for (const metadata of ['{"a":"\\u0000"}', '{"a":"\\ud800"}', '[1]', '"text"', '{', '{"a":1}x']) {
      const answer = await begin({ 'upload-length': '1', 'upload-metadata': named(key(), { metadata }) });
      expect([answer.status, answer.body.code]).toEqual([400, 'InvalidRequest']);
    }
    const type = named(key(), { contentType: 'no type\0' });
    expect((await begin({ 'upload-length': '1', 'upload-metadata': type })).body.code).toBe(
      'InvalidMimeType',
    );
    const nowhere = named(key(), { bucketName: `no-${randomUUID()}` });
    expect(await begin({ 'upload-length': '1', 'upload-metadata': nowhere })).toMatchObject({
      status: 404,
      body: { code: 'NoSuchBucket' },
    });
  });

  test.each(['x', '..%2f..%2fetc', '%00', randomUUID().toUpperCase(), randomUUID(), 'sign', 'a/b'])(
    'the upload %s is none',
    async (name) => {
      const url = `${under.url}/upload/resumable/${name}`;
      const statuses = [
        (await ask('HEAD', url, {})).status,
        (await part(url, 0, 'x')).status,
        (await ask('DELETE', url, bearer(under.serviceKey))).status,
      ];
      for (const status of statuses) expect([400, 404, 405]).toContain(status);
    },
  );

  test('two parts at once: one wins, the other is told, and the bytes are those of one', async () => {
    const name = key();
    const url = await begun(name, 4);
    const outcomes = await Promise.all([part(url, 0, 'aaaa'), part(url, 0, 'bbbb')]);
    const statuses = outcomes.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses[0]).toBe(204);
    expect([404, 409, 423]).toContain(statuses[1]);
    const winner = outcomes[0]?.status === 204 ? 'aaaa' : 'bbbb';
    expect((await stored(name))?.toString()).toBe(winner);
  });

  test('who holds an upload is not cut off by another part, but by whoever asks how far it is', async () => {
    const name = key();
    const url = await begun(name, 10);
    const held = await holding(url, 10, '123');
    expect(await part(url, 0, 'x')).toMatchObject({ status: 423, body: { code: 'ResourceLocked' } });
    expect(await offsetOf(url)).toBe(3);
    expect((await part(url, 3, '4567890')).status).toBe(204);
    expect((await stored(name))?.toString()).toBe('1234567890');
    held.destroy();
  });

  test('what a client had sent before it went away is there', async () => {
    const url = await begun(key(), 10);
    (await holding(url, 10, '1234')).destroy();
    await expect.poll(() => offsetOf(url)).toBe(4);
  });
});

test('one that was whole when we were killed, and is no object yet, misses its last byte', async () => {
  const name = key();
  const url = await begun(name, 5);
  const upload = url.split('/').at(-1) as UploadId;
  await under.storage.spool.append(under.project, upload, 1, 0, inPieces(Buffer.from('hello')));
  expect(await offsetOf(url)).toBe(4);
  expect((await part(url, 4, 'o')).status).toBe(204);
  expect((await stored(name))?.toString()).toBe('hello');
});

test('what was appended is the object itself, and no copy of it', async () => {
  const name = key();
  const url = await begun(name, 4);
  expect((await part(url, 0, 'ab')).status).toBe(204);
  const { path } = await under.spool.fileOf(under.project, url.split('/').at(-1) as UploadId, 1);
  const { ino } = await stat(path);
  expect((await part(url, 2, 'cd')).status).toBe(204);
  const { data } = await under.service.from(id).info(name);
  const version = data?.version ?? '';
  const object = await stat(join(under.folder, 'objects', under.project, version.slice(0, 2), version));
  expect([object.ino, object.nlink, object.size]).toEqual([ino, 1, 4]);
});

test('nobody hears whether it is stored: whatever its client sends then, what is stored stays whole', async () => {
  const name = key();
  const url = await begun(name, 5, { 'x-upsert': 'true' });
  const { directory } = under.storage;
  const as = directory.as.bind(directory);
  /** the second transaction of a part writes the row */
  const losing = async (isDone: boolean, bytes: string, offset: number) => {
    let asked = 0;
    directory.as = async (...work) => {
      const isRow = ++asked === 2;
      if (isRow && !isDone) throw unavailable('postgres', 'begin a transaction');
      const done = await as(...work);
      if (isRow) throw unavailable('postgres', 'hear of the end of a transaction');
      return done;
    };
    try {
      expect((await part(url, offset, bytes)).status).toBe(503);
    } finally {
      directory.as = as;
    }
  };
  await losing(true, 'hello', 0);
  expect((await stored(name))?.toString()).toBe('hello');
  expect(await offsetOf(url)).toBe(4);
  await losing(false, '!', 4);
  expect((await stored(name))?.toString()).toBe('hello');
  expect((await part(url, 4, '?')).status).toBe(204);
  expect((await stored(name))?.toString()).toBe('hell?');
  expect(await offsetOf(url)).toBe('status 404');
});

test('a full disk is a 507 that keeps what there was room for, and the upload goes on when there is more', async () => {
  const [name, bytes] = [key(), randomBytes(3 * MIB)];
  const url = await begun(name, bytes.length);
  const place = join(under.folder, 'uploads', under.project, url.split('/').at(-1) ?? '');
  const about = await readFile(join(place, 'about.json'));
  // a disk of its own: the object is copied from there
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', place]);
  try {
    await writeFile(join(place, 'about.json'), about);
    expect(await part(url, 0, bytes)).toMatchObject({ status: 507, body: { code: 'StorageFull' } });
    const offset = Number(await offsetOf(url));
    expect(offset).toBeGreaterThan(MIB / 2);
    await run('mount', ['-o', 'remount,size=8m', place]);
    expect((await part(url, offset, bytes.subarray(offset))).status).toBe(204);
    expect((await stored(name))?.equals(bytes)).toBe(true);
  } finally {
    await run('umount', ['-l', place]);
  }
});

test('a database that is in the way keeps what has come', async () => {
  const name = key();
  const url = await begun(name, 5);
  const hung = `refuse_${randomUUID().slice(0, 8)}`;
  await under.owner(`CREATE FUNCTION public.${hung}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.metadata ? 'eTag' THEN RAISE EXCEPTION 'not now'; END IF; RETURN NEW; END $$`);
  await under.owner(`CREATE TRIGGER ${hung} BEFORE INSERT ON storage.objects
    FOR EACH ROW EXECUTE FUNCTION public.${hung}()`);
  try {
    expect((await part(url, 0, 'hello')).status).toBe(500);
  } finally {
    await under.owner(`DROP TRIGGER ${hung} ON storage.objects`);
  }
  expect(await offsetOf(url)).toBe(4);
  expect((await part(url, 4, 'o')).status).toBe(204);
  expect((await stored(name))?.toString()).toBe('hello');
});
