/** A project's storage settings and S3 access keys, as their owner changes them. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Shown {
  readonly storage_url: string;
  readonly settings: object;
  readonly defaults: object;
  readonly limits: object;
}
interface Key {
  readonly id: string;
  readonly name: string;
  readonly made_at: string;
  readonly secret?: string;
}

const MB = 1024 * 1024;

let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({
    STORAGE_FILE_SIZE_MB: '100',
    STORAGE_PROJECT_SIZE_MB: '0',
    STORAGE_PROJECT_FILES: '1000',
  });
  await platform.start();
  token = await platform.owner('storage-settings');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
});
afterAll(() => platform.close());

const path = () => `/api/projects/${id}/storage/settings`;
const keysPath = () => `/api/projects/${id}/storage/s3-keys`;
const get = (headers: Record<string, string> = {}, as = token) =>
  platform.call<Shown>('GET', path(), { token: as, headers });
const patch = (settings: object, headers: Record<string, string> = {}, as = token) =>
  platform.call<Shown>('PATCH', path(), { token: as, body: { settings }, headers });
const keys = async () =>
  (await platform.call<{ endpoint: string; s3_keys: readonly Key[] }>('GET', keysPath(), { token })).body;
const makeKey = (name: unknown, as = token) =>
  platform.call<Key>('POST', keysPath(), { token: as, body: { name } });
const revoke = (key: string, as = token) => platform.call('DELETE', `${keysPath()}/${key}`, { token: as });

test('a new project has the defaults; what is changed is shown with what is in force, after a restart, too', async () => {
  const before = await get();
  const defaults = {
    file_size_limit: null,
    total_bytes: null,
    files: null,
    image_transformation: true,
    s3: true,
  };
  expect([before.status, before.headers.get('etag')]).toEqual([200, '"0"']);
  expect(before.body).toEqual({
    storage_url: `${platform.url.replace('127.0.0.1', 'localhost')}/project/${id}/storage/v1`,
    settings: defaults,
    defaults,
    limits: { file_size: 100 * MB, total_bytes: null, files: 1000 },
  });
  const changed = await patch({ file_size_limit: 5 * MB, total_bytes: 50 * MB, files: 2000, s3: false });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"1"']);
  const settings = { ...defaults, file_size_limit: 5 * MB, total_bytes: 50 * MB, files: 2000, s3: false };
  const limits = { file_size: 5 * MB, total_bytes: 50 * MB, files: 1000 };
  expect(changed.body).toMatchObject({ settings, limits });
  expect((await get({ 'if-none-match': '"1"' })).status).toBe(304);
  await platform.stop();
  await platform.start();
  expect((await get()).body).toMatchObject({ settings, limits });
  // the same again is no change
  expect((await patch({ s3: false })).headers.get('etag')).toBe('"1"');
  const back = await patch({ file_size_limit: null, total_bytes: null, files: null, s3: null });
  expect([back.body.settings, back.headers.get('etag')]).toEqual([defaults, '"2"']);
});

test('what the operator gives a project is what its owner may use', async () => {
  await platform.launchdb('limits', id, '--storage-size', '1GB', '--files', '20');
  await patch({ total_bytes: 2 ** 40 });
  expect((await get()).body.limits).toMatchObject({ total_bytes: 2 ** 30, files: 20 });
  await platform.launchdb('limits', id, '--storage-size', 'default', '--files', 'none');
  expect((await get()).body.limits).toMatchObject({ total_bytes: 2 ** 40, files: null });
  await platform.launchdb('limits', id, '--files', 'default');
  await patch({ total_bytes: null });
});

test('who has read another state changes nothing, and what is no setting is refused', async () => {
  const etag = (await get()).headers.get('etag') ?? '';
  expect((await patch({ files: 5 }, { 'if-match': etag })).status).toBe(200);
  const stale = await patch({ files: 6 }, { 'if-match': etag });
  expect(stale).toMatchObject({ status: 412, body: { type: '/docs#project/revision-mismatch' } });
  for (const wrong of [
    { files: -1 },
    { files: 1.5 },
    { files: '5' },
    { s3: 'yes' },
    { file_size_limit: 1e300 },
    { other: 1 },
  ])
    expect([wrong, (await patch(wrong)).status]).toEqual([wrong, 400]);
  expect((await get()).body.settings).toMatchObject({ files: 5 });
  await patch({ files: null });
});

test('an access key of S3 shows its secret once, and is gone when it is revoked', async () => {
  const made = await makeKey('backups');
  expect(made).toMatchObject({ status: 201, body: { name: 'backups' } });
  const { secret = '', ...shown } = made.body;
  expect([shown.id, secret]).toEqual([
    expect.stringMatching(/^[A-Z0-9]{20}$/),
    expect.stringMatching(/^[\w-]{40}$/),
  ]);
  const second = await makeKey('site');
  const listed = await keys();
  expect(listed.endpoint).toBe(
    `${platform.url.replace('127.0.0.1', 'localhost')}/project/${id}/storage/v1/s3`,
  );
  expect(listed.s3_keys).toEqual([expect.objectContaining({ name: 'site' }), shown]);
  expect(JSON.stringify(listed)).not.toContain(secret);
  expect((await revoke(shown.id)).status).toBe(204);
  expect(await revoke(shown.id)).toMatchObject({
    status: 404,
    body: { type: '/docs#storage/s3-key-not-found' },
  });
  expect((await keys()).s3_keys.map(({ id: one }) => one)).toEqual([second.body.id]);
  for (const wrong of ['', ' ', 'x'.repeat(101), 5, 'a\u0000b'])
    expect([wrong, (await makeKey(wrong)).status]).toEqual([wrong, 400]);
  // settings that change meanwhile keep it
  await patch({ files: 7 });
  expect((await keys()).s3_keys).toHaveLength(1);
});

test('there is an end to keys', async () => {
  const { length } = (await keys()).s3_keys;
  for (let at = length; at < 20; at++) expect((await makeKey(`key ${at}`)).status).toBe(201);
  expect(await makeKey('too many')).toMatchObject({
    status: 409,
    body: { type: '/docs#storage/too-many-s3-keys' },
  });
  for (const key of (await keys()).s3_keys) expect((await revoke(key.id)).status).toBe(204);
});

test('others see and change nothing; a personal token does what its scopes let it', async () => {
  const { id: key } = (await makeKey('mine')).body;
  const stranger = await platform.owner('storage-stranger');
  const tried = [
    get({}, stranger),
    patch({}, {}, stranger),
    platform.call('GET', keysPath(), { token: stranger }),
    makeKey('x', stranger),
    revoke(key, stranger),
  ];
  expect((await Promise.all(tried)).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  const personal = async (...scopes: string[]) => {
    const body = { name: scopes.join('-'), scopes, project_id: id };
    return (await platform.call<{ token: string }>('POST', '/api/tokens', { token, body })).body.token;
  };
  const [reader, writer] = [await personal('read'), await personal('read', 'write')];
  const keeper = await personal('read', 'write', 'secrets');
  expect([(await get({}, reader)).status, (await patch({}, {}, reader)).status]).toEqual([200, 403]);
  // whoever has its secret may do anything with the project's files
  expect([(await makeKey('x', writer)).status, (await makeKey('x', keeper)).status]).toEqual([403, 201]);
  expect((await revoke(key, writer)).status).toBe(204);
  expect((await platform.call('GET', path(), {})).status).toBe(401);
});

test('who did what is in the audit trail and the log, without a secret or a new revision of the project', async () => {
  const project = () => platform.call<object>('GET', `/api/projects/${id}`, { token });
  const before = (await project()).headers.get('etag');
  const { id: key, secret = 'none' } = (await makeKey('audited')).body;
  await patch({ image_transformation: false });
  await revoke(key);
  expect((await project()).headers.get('etag')).toBe(before);
  for (const type of ['S3KeyMade', 'StorageSettingsChanged', 'S3KeyRevoked'])
    await vi.waitFor(async () => {
      const { body } = await platform.call<{ entries: { data: Record<string, unknown> }[] }>(
        'GET',
        `/api/projects/${id}/audit?type=${type}`,
        { token },
      );
      expect(body.entries[0]?.data).toMatchObject({ projectId: id, settings: {} });
      if (type !== 'StorageSettingsChanged') expect(body.entries[0]?.data['keyId']).toBe(key);
      expect(JSON.stringify(body)).not.toMatch(/ciphertext/);
      expect(JSON.stringify(body)).not.toContain(secret);
    });
  const { output } = await platform.launchdb('events', `projectstorage-${id}`);
  expect(output).toContain(`The S3 access key ${key} was revoked`);
  expect(output).toContain('image transformation off');
  expect(output + platform.output).not.toContain(secret);
});
