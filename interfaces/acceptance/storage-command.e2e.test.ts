/** `launchdb storage`: what files take, what there is, and whether their bytes are what was stored. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let id: string;
let key: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  const token = await platform.owner('storage-command');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'files' },
  });
  ({ id } = made.body);
  const keys = await platform.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, {
    token,
  });
  key = keys.body.service_role_key;
  const ask = async (path: string, type: string, body: string) => {
    const headers = { authorization: `Bearer ${key}`, apikey: key, 'content-type': type };
    const answer = await fetch(`${platform.url}/project/${id}/storage/v1${path}`, {
      method: 'POST',
      headers,
      body,
    });
    expect(answer.status).toBe(200);
  };
  await ask('/bucket', 'application/json', JSON.stringify({ id: 'docs', name: 'docs', public: false }));
  await ask('/object/docs/a.txt', 'text/plain', 'hello');
  await ask('/object/docs/deep/b.txt', 'text/plain', 'hello, world');
});
afterAll(() => platform.close());

const storage = (...args: readonly string[]) => platform.launchdb('storage', ...args);
/** where the bytes of a version are, whatever the shape of the platform */
async function fileOf(version: string): Promise<string> {
  const names = await readdir(platform.folder, { recursive: true });
  return join(platform.folder, names.find((name) => name.endsWith(`/${version}`)) ?? 'no such file');
}

test('what files take, and which there are', async () => {
  expect(await storage('usage', id)).toEqual({ code: 0, output: '2 files, 17 bytes\n' });
  expect(await storage('ls', id)).toEqual({ code: 0, output: 'private  docs\n' });
  const { code, output } = await storage('ls', id, 'docs');
  expect(code).toBe(0);
  expect(output).toMatch(/^ +5 {2}a\.txt {2}\S+\n +deep\/\n$/);
  expect((await storage('ls', id, 'docs/deep')).output).toContain('12  deep/b.txt');
});

test('bytes that are others are found, told by their names, and recorded without them', async () => {
  expect(await storage('verify', id)).toEqual({ code: 0, output: '2 files, all is well\n' });
  const [row] = await platform.sql<{ version: string }>(
    `SELECT version FROM storage.objects WHERE name = 'a.txt'`,
    [],
    id,
  );
  await writeFile(await fileOf(row?.version ?? ''), 'hullo');
  const { code, output } = await storage('verify', id, '--rate', '10MB');
  expect(code).toBe(2);
  expect(output).toContain(`docs/a.txt  ${row?.version}  its bytes are others`);
  expect(output).toContain('2 files, 1 with other bytes than they say');
  expect((await storage('verify', id, '--after', 'docs/a.txt')).code).toBe(0);
  const events = (await platform.launchdb('events', `projectstorage-${id}`, '--json')).output;
  expect(events).toContain('FilesVerified');
  expect(events).toContain(row?.version);
  expect(events).not.toContain('a.txt');
});

test('files are copied from and to a project; what is there is left alone', async () => {
  const [here, name] = [join(platform.folder, 'copied'), 'copy (1) & more.txt'];
  expect(await storage('cp', id, ':docs/deep/b.txt', here)).toEqual({
    code: 0,
    output: `${here} has 12 bytes\n`,
  });
  expect(await readFile(here, 'utf8')).toBe('hello, world');
  expect((await storage('cp', id, ':docs/a.txt', here)).code).toBe(1);
  expect(await readFile(here, 'utf8')).toBe('hello, world');
  expect((await storage('cp', id, here, `:docs/${name}`)).code).toBe(0);
  expect((await storage('ls', id, 'docs')).output).toContain(name);
  const again = await storage('cp', id, here, `:docs/${name}`);
  expect([again.code, again.output]).toEqual([1, 'the storage service says: The resource already exists\n']);
  expect((await storage('cp', id, here, here)).code).toBe(1);
});

test('what cannot be is refused', async () => {
  expect((await storage('rm', id)).code).toBe(64);
  expect((await storage('verify', id, 'docs')).code).toBe(64);
  expect((await storage('verify', id, '--rate', 'fast')).output).toContain('--rate');
  expect((await storage('usage', 'proj_0000000000000000')).code).toBe(1);
});

test('nothing that opens a file is in a log', async () => {
  const url = `${platform.url}/project/${id}/storage/v1`;
  const headers = { apikey: key, 'content-type': 'application/json' };
  const ask = async (path: string, body: object = {}) =>
    (await (
      await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    ).json()) as {
      signedURL?: string;
      url?: string;
    };
  const download = (await ask('/object/sign/docs/deep/b.txt', { expiresIn: 60 })).signedURL ?? '';
  expect((await fetch(`${url}${download}`)).status).toBe(200);
  const upload = (await ask('/object/upload/sign/docs/by-link.txt')).url ?? '';
  const put = () => fetch(`${url}${upload}`, { method: 'PUT', body: 'hello' });
  expect([(await put()).status, (await put()).status]).toEqual([200, 400]);
  const signature = 'f00d'.repeat(16);
  const now = new Date().toISOString().replaceAll(/[-:]|[.]\d+/g, '');
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `NOSUCHKEY/${now.slice(0, 8)}/local/s3/aws4_request`,
    'X-Amz-Date': now,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': signature,
  });
  expect((await fetch(`${url}/s3/docs/a.txt?${query.toString()}`)).status).toBe(403);
  const last = await fetch(`${url}/status`, { headers: { 'x-request-id': 'the-last-one' } });
  expect(last.status).toBe(200);
  await expect.poll(() => platform.output).toContain('the-last-one');
  const secrets = [download, upload, key].map((text) => text.split('.').at(-1) ?? '');
  expect(secrets.every((secret) => secret.length > 40)).toBe(true);
  for (const secret of [...secrets, signature]) expect(platform.output.includes(secret)).toBe(false);
});
