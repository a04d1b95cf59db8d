/** Resumable uploads and pictures as users reach them: by unmodified clients, through the gateway, of a whole platform. */
import { randomBytes } from 'node:crypto';
import { createClient } from '@supabase/supabase-js';
import sharp from 'sharp';
import { Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { twoColours } from '../../application/ports/image-transformer.contract.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const MIB = 1024 * 1024;

let platform: PlatformUnderTest;
let token: string;
let id: string;
let key: string;
const url = () => `${platform.url}/project/${id}/storage/v1`;
const files = (bucket: string) =>
  createClient(`${platform.url}/project/${id}`, key, {
    auth: { autoRefreshToken: false, persistSession: false },
  }).storage.from(bucket);

beforeAll(async () => {
  platform = await PlatformUnderTest.create({});
  await platform.start();
  token = await platform.owner('parts');
  const body = { name: 'parts' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
  // a loaded machine takes longer than the request waits
  const statusNow = async () =>
    (await platform.call<{ status: string }>('GET', `/api/projects/${id}`, { token })).body.status;
  await vi.waitFor(async () => {
    if ((await statusNow()) !== 'active') throw new Error('not yet');
  }, 240_000);
  const keys = await platform.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, {
    token,
  });
  key = keys.body.service_role_key;
  const made = await fetch(`${url()}/bucket`, {
    method: 'POST',
    headers: { apikey: key, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'docs', name: 'docs', public: true }),
  });
  if (made.status !== 200) throw new Error(await made.text());
});
afterAll(() => platform.close());

function upload(bytes: Buffer, options: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const it: Upload = new Upload(bytes, {
      endpoint: `${url()}/upload/resumable`,
      headers: { authorization: `Bearer ${key}` },
      ...options,
      onError: reject,
      onSuccess: () => resolve(it.url ?? ''),
    });
    it.start();
  });
}

test('an upload goes on where it was when the service was killed, twice', async () => {
  const bytes = randomBytes(8 * MIB);
  let kills = 0;
  let restart = Promise.resolve();
  const address = await upload(bytes, {
    metadata: { bucketName: 'docs', objectName: 'large.bin', contentType: 'application/x-mine' },
    chunkSize: MIB,
    // a loaded machine takes long to start it
    retryDelays: Array.from({ length: 240 }, () => 1_000),
    onChunkComplete: (_size, accepted) => {
      if (accepted < (kills + 1) * 3 * MIB || kills === 2) return;
      kills++;
      restart = restart.then(() => platform.killAndRestart('storage'));
    },
    // the door says so while the service is away
    onShouldRetry: () => true,
  });
  await restart;
  expect(kills).toBe(2);
  // by the public address, whatever the client called it
  expect(new URL(address).pathname).toMatch(`/project/${id}/storage/v1/upload/resumable/`);
  const { data } = await files('docs').download('large.bin');
  expect(data && Buffer.from(await data.arrayBuffer()).equals(bytes)).toBe(true);
  const finished = await fetch(address, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
  expect(finished.status).toBe(404);
  expect(finished.headers.get('access-control-expose-headers')).toContain('upload-offset');
});

test('a link uploads without a key', async () => {
  const { data } = await files('docs').createSignedUploadUrl('by-link.txt');
  await upload(Buffer.from('hello'), {
    endpoint: `${url()}/upload/resumable/sign`,
    headers: { 'x-signature': data?.token ?? '' },
    metadata: { bucketName: 'docs', objectName: 'by-link.txt' },
    retryDelays: null,
  });
  expect(await (await files('docs').download('by-link.txt')).data?.text()).toBe('hello');
});

test('pictures are made smaller for who asks, until their owner turns it off', async () => {
  const picture = await twoColours(300, 200).jpeg().toBuffer();
  await files('docs').upload('picture.jpg', picture, { contentType: 'image/jpeg' });
  const { publicUrl } = files('docs').getPublicUrl('picture.jpg', {
    transform: { width: 30, format: 'origin' },
  }).data;
  const answer = await fetch(publicUrl);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({
    width: 30,
    height: 20,
  });
  const counted = await (
    await fetch(`http://127.0.0.1:${platform.environment['STORAGE_PORT']}/metrics`)
  ).text();
  expect(counted).toContain('launchdb_storage_picture_duration_seconds_count{outcome="changed"} 1');
  expect(counted).toContain('launchdb_storage_pictures{state="waiting"} 0');
  expect(counted).toMatch(/launchdb_storage_pictures_kept_bytes \d{4,}/);
  const settings = (image_transformation: boolean) =>
    platform.call('PATCH', `/api/projects/${id}/storage/settings`, {
      token,
      body: { settings: { image_transformation } },
    });
  expect((await settings(false)).status).toBe(200);
  await expect.poll(async () => (await fetch(publicUrl)).status).toBe(404);
  expect((await settings(true)).status).toBe(200);
  await expect.poll(async () => (await fetch(publicUrl)).status).toBe(200);
});
