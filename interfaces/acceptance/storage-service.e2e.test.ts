/** Files of a project as its users reach them: by the client, through the gateway, of a whole platform. */
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

const SECRET = 'correct horse battery';
const MIB = 1024 * 1024;

let platform: PlatformUnderTest;
let token: string;
let id: string;
let keys: { anon_key: string; service_role_key: string };

const client = (key = keys.anon_key) =>
  createClient(`${platform.url}/project/${id}`, key, {
    auth: { autoRefreshToken: false, persistSession: false, storageKey: Math.random().toString() },
  });
const service = () => client(keys.service_role_key);
const sql = (query: string) =>
  platform
    .call('POST', `/api/projects/${id}/sql`, { token, body: { query } })
    .then(({ status }) => expect(status).toBe(200));
const own = (path: string) => fetch(`http://127.0.0.1:${platform.environment['STORAGE_PORT']}${path}`);

beforeAll(async () => {
  platform = await PlatformUnderTest.create({});
  await platform.start();
  token = await platform.owner('files');
  const body = { name: 'shop' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
  keys = (await platform.call<typeof keys>('GET', `/api/projects/${id}/keys`, { token })).body;
});
afterAll(() => platform.close());

async function user(email: string) {
  const made = await service().auth.admin.createUser({ email, password: SECRET, email_confirm: true });
  expect(made.error).toBeNull();
  const one = client();
  const { data, error } = await one.auth.signInWithPassword({ email, password: SECRET });
  expect(error).toBeNull();
  return { storage: one.storage, sub: data.user?.id ?? '' };
}

test('users have folders of their own by a policy, and strangers have nothing', async () => {
  expect((await service().storage.createBucket('avatars', { public: false })).error).toBeNull();
  await sql(
    `CREATE POLICY "own folder" ON storage.objects FOR ALL TO authenticated
       USING (bucket_id = 'avatars' AND (storage.foldername(name))[1] = auth.uid()::text)`,
  );
  const ann = await user('ann@ex.museum');
  const bob = await user('bob@ex.museum');
  const files = ann.storage.from('avatars');
  const path = `${ann.sub}/a picture (1).png`;
  const picture = new Blob(['not really'], { type: 'image/png' });
  expect((await files.upload(path, picture, { metadata: { of: 'ann' } })).error).toBeNull();
  expect(await (await files.download(path)).data?.text()).toBe('not really');
  expect((await files.list(ann.sub)).data).toMatchObject([{ name: 'a picture (1).png' }]);
  const signed = await files.createSignedUrl(path, 60);
  const answer = await fetch(signed.data?.signedUrl ?? '');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
  const denied = { status: 400, statusCode: '403' };
  expect((await bob.storage.from('avatars').upload(path, picture, { upsert: true })).error).toMatchObject(
    denied,
  );
  expect((await bob.storage.from('avatars').download(path)).error).toBeTruthy();
  expect((await client().storage.from('avatars').upload('x', picture)).error).toMatchObject(denied);
  expect((await client().storage.listBuckets()).data).toEqual([]);
  // whoever goes leaves their files
  expect((await service().auth.admin.deleteUser(ann.sub)).error).toBeNull();
  expect((await service().storage.from('avatars').list(ann.sub)).data).toHaveLength(1);
});

test('a file of some size comes and goes as it is, and in parts', async () => {
  await service().storage.createBucket('large', { public: true });
  const bytes = Buffer.alloc(20 * MIB, 'a line of some length\n');
  const files = service().storage.from('large');
  expect((await files.upload('file.txt', bytes)).error).toBeNull();
  const { publicUrl } = files.getPublicUrl('file.txt').data;
  const whole = await fetch(publicUrl);
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  const etag = whole.headers.get('etag') ?? '';
  expect((await fetch(publicUrl, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const part = await fetch(publicUrl, { headers: { range: `bytes=${19 * MIB}-` } });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, MIB]);
});

test('a browser may ask for all of it, and reads the answers, errors too', async () => {
  const url = `${platform.url}/project/${id}/storage/v1`;
  const preflight = await fetch(`${url}/upload/resumable`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers':
        'authorization,x-upsert,x-signature,range,tus-resumable,upload-offset',
    },
  });
  const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ');
  expect(allowed).toEqual(
    expect.arrayContaining(['x-upsert', 'x-signature', 'range', 'tus-resumable', 'upload-offset']),
  );
  expect(preflight.headers.get('access-control-allow-methods')).toMatch(/HEAD.*PATCH.*DELETE/);
  const missing = await fetch(`${url}/object/public/none/none`);
  const exposed = missing.headers.get('access-control-expose-headers')?.split(', ');
  expect(exposed).toEqual(
    expect.arrayContaining(['location', 'upload-offset', 'tus-resumable', 'content-range', 'etag']),
  );
  expect(await missing.json()).toMatchObject({ statusCode: '404', code: 'NoSuchBucket' });
  // a key alone is enough
  const listed = await fetch(`${url}/bucket`, { headers: { apikey: keys.service_role_key } });
  expect(listed.status).toBe(200);
});

test('what the gateway refuses is told as the service would', async () => {
  for (const path of ['object/large/a//b', 'object/large/%2e%2e/b', 'object/large/a%2fb']) {
    const answer = await platform.call('POST', `/project/${id}/storage/v1/${path}`, {
      token: keys.service_role_key,
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { statusCode: '400', error: expect.any(String) as string, message: expect.any(String) as string },
    });
  }
});

test('its own port tells whether it is ready, and what was counted, by kinds alone', async () => {
  const ready = await own('/ready');
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'ok',
      checks: { log: expect.stringMatching(/^ok/) as string, pooler: 'ok', files: 'ok' },
    },
  ]);
  const count = async (name: string, label: string) => {
    const lines = (await (await own('/metrics')).text()).split('\n');
    const one = lines.find((line) => line.startsWith(`${name}{`) && line.includes(label));
    return Number(one?.split(' ').at(-1) ?? 0);
  };
  const counts = () =>
    Promise.all([
      count('launchdb_storage_bytes_total', 'direction="in"'),
      count('launchdb_storage_bytes_total', 'direction="out"'),
      count('launchdb_storage_refusals_total', 'code="NoSuchKey"'),
    ]);
  const before = await counts();
  const files = service().storage.from('large');
  await files.upload('counted', 'seven b');
  await files.download('counted');
  await files.download('not there');
  const after = await counts();
  expect(after.map((value, at) => value - (before[at] ?? 0))).toEqual([7, 7, 1]);
  const lines = (await (await own('/metrics')).text()).split('\n');
  expect(lines.filter((line) => line.startsWith('launchdb_storage') && line.includes('proj_'))).toEqual([]);
});

test('a project that is paused serves no files, and has them when it goes on', async () => {
  const command = (what: string) => platform.call('POST', `/api/projects/${id}/${what}`, { token });
  const files = () => service().storage.from('large');
  const { publicUrl } = files().getPublicUrl('counted').data;
  expect((await command('pause')).status).toBeLessThan(300);
  await expect.poll(async () => (await fetch(publicUrl)).status, { timeout: 20_000 }).toBe(503);
  expect((await command('resume')).status).toBeLessThan(300);
  await expect.poll(async () => (await fetch(publicUrl)).status, { timeout: 20_000 }).toBe(200);
});

test('a project that is not there has no files', async () => {
  const nobody = await fetch(`${platform.url}/project/proj_0000000000000000/storage/v1/object/public/a/b`);
  expect([nobody.status, await nobody.json()]).toEqual([404, expect.objectContaining({ statusCode: '404' })]);
});

test('files by the S3 protocol, through the gateway, until the key is revoked', async () => {
  const path = `/api/projects/${id}/storage/s3-keys`;
  const { body: key } = await platform.call<{ id: string; secret: string }>('POST', path, {
    token,
    body: { name: 'backups' },
  });
  const connect = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) =>
    new S3Client({
      endpoint: `${platform.url}/project/${id}/storage/v1/s3`,
      region: 'local',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials,
    });
  const s3 = connect({ accessKeyId: key.id, secretAccessKey: key.secret });
  const [Bucket, Key] = ['by-s3', 'a folder/a+b (1).txt'];
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(3 * MIB, 'abc') }));
  const { data } = await service().storage.from(Bucket).download(Key);
  expect(data?.size).toBe(3 * MIB);
  const asAnon = connect({
    accessKeyId: id,
    secretAccessKey: keys.anon_key,
    sessionToken: keys.anon_key,
  });
  const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
  expect((await list(s3)).CommonPrefixes).toEqual([{ Prefix: 'a folder/' }]);
  expect((await list(asAnon)).KeyCount).toBe(0);
  const read = asAnon.send(new GetObjectCommand({ Bucket, Key }));
  await expect(read).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect((await platform.call('DELETE', `${path}/${key.id}`, { token })).status).toBe(204);
  await expect
    .poll(() => list(s3).catch(({ name }: { name: string }) => name), { timeout: 5_000 })
    .toBe('InvalidAccessKeyId');
});
