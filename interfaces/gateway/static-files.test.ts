import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { Gateway } from './gateway.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const PAGE = '<!doctype html><script type="module" src="/assets/app-1a2b.js"></script>';
const SCRIPT = `console.log('${'x'.repeat(4_000)}')`;

let folder: string;
let gateway: Gateway;

const make = (files: string) =>
  new Gateway({
    port: 0,
    host: '127.0.0.1',
    platform: { host: '127.0.0.1', port: 1 },
    files,
    dataApis: { endpoint: () => undefined },
    projectState: () => Promise.resolve('unknown'),
    judge: () => Promise.resolve('good'),
    wake: () => Promise.resolve(),
    log: quiet,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-files-'));
  const page = join(folder, 'page');
  await mkdir(join(page, 'assets'), { recursive: true });
  await writeFile(join(page, 'index.html'), PAGE);
  await writeFile(join(page, 'assets', 'app-1a2b.js'), SCRIPT);
  await writeFile(join(folder, 'secret.txt'), 'not part of the page');
  gateway = make(page);
  await gateway.start();
});
afterAll(async () => {
  await gateway.stop(0);
  await rm(folder, { recursive: true });
});

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const request = httpRequest({ host: '127.0.0.1', port: gateway.port, path, method, headers, agent: false });
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

test('the page is at the root and at its own paths, and runs nothing but its own files', async () => {
  for (const path of ['/', '/?x=1', '/console', '/console/projects/proj_1']) {
    const { status, headers, body } = await ask(path);
    expect([path, status, body.toString()]).toEqual([path, 200, PAGE]);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|[*]/);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('a file that is named by what is in it is kept for ever, and comes in gzip', async () => {
  const plain = await ask('/assets/app-1a2b.js');
  expect(plain.body.toString()).toBe(SCRIPT);
  expect(plain.headers['cache-control']).toContain('immutable');
  const packed = await ask('/assets/app-1a2b.js', { 'accept-encoding': 'gzip' });
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  expect(gunzipSync(packed.body).toString()).toBe(SCRIPT);
  const etag = plain.headers.etag ?? '';
  const known = await ask('/assets/app-1a2b.js', { 'if-none-match': `"x", ${etag}` });
  expect([known.status, known.body.length]).toEqual([304, 0]);
  const head = await ask('/assets/app-1a2b.js', {}, 'HEAD');
  expect([head.headers['content-length'], head.body.length]).toEqual([String(SCRIPT.length), 0]);
});

test.each([
  '/assets/nothing.js',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/../../secret.txt',
  '/secret.txt',
  '/console/../../secret.txt',
  '/console/secret.txt',
  '/assets/app-1a2b.js/',
])('%s is not there', async (path) => {
  const { status, body } = await ask(path);
  expect(status).toSatisfy((code: number) => code === 404 || code === 400 || code === 200);
  expect(body.toString()).not.toContain('not part of the page');
  expect(body.toString()).not.toContain('xxx');
});

test('it is read and nothing else', async () => {
  const answer = await ask('/', {}, 'POST');
  expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('a folder without a page is refused at the start', async () => {
  await expect(make(folder).start()).rejects.toThrow(Refused);
});
