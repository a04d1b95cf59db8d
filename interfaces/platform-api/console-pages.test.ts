import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Metrics } from '../http/metrics.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { readBuiltConsole } from './built-console.ts';
import { consolePages } from './console-pages.ts';

const PAGE =
  '<!doctype html><title>LaunchDB</title><script type="module" src="/console/assets/a-1.js"></script>';
const SCRIPT = 'console.log("x");'.repeat(100);
const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
let folder: string;
let built: HttpServer;
let bare: HttpServer;

const serve = async (from: string): Promise<HttpServer> => {
  const server = createServer({
    name: 'pages',
    port: 0,
    portVariable: 'PORT',
    endpoints: [],
    pages: consolePages(await readBuiltConsole(from)),
    log,
    ready: async () => ({}),
    metrics: new Metrics(),
  });
  await server.start();
  return server;
};
const ask = (server: HttpServer, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { accept: 'text/html', ...headers } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-console-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'assets', 'a-1.js'), SCRIPT);
  await writeFile(join(folder, 'assets', 'a-1.js.br'), brotliCompressSync(SCRIPT));
  built = await serve(folder);
  bare = await serve(join(folder, 'nowhere'));
});
afterAll(async () => {
  await Promise.all([built.stop(0), bare.stop(0)]);
  await rm(folder, { recursive: true });
});

test.each(['/', '/?x=1', '/console', '/console/', '/console/projects/proj_1/tables/a%20b'])(
  '%s is the page, asked for again each time, with nothing inline and nothing from elsewhere',
  async (path) => {
    const answer = await ask(built, path);
    expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
    const { headers } = answer;
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|[*]|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");
    const told = ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy'];
    expect(told.map((name) => headers.get(name))).toEqual(['nosniff', 'no-referrer', 'same-origin']);
    const again = await ask(built, path, { 'if-none-match': `"other", W/${headers.get('etag')}` });
    expect([again.status, await again.text()]).toEqual([304, '']);
  },
);

test('a program hears at the root where to find what, and no page', async () => {
  const answer = await ask(built, '/', { accept: 'application/json' });
  expect(await answer.json()).toEqual({
    name: 'LaunchDB',
    docs: '/docs',
    openapi: '/openapi.json',
    api: '/api',
  });
  expect(answer.headers.get('vary')).toContain('accept');
});

describe('a file', () => {
  test('stays for ever, as it was packed with the build for who takes that', async () => {
    const path = '/console/assets/a-1.js';
    const packed = await ask(built, path, { 'accept-encoding': 'gzip, br' });
    expect(packed.headers.get('content-encoding')).toBe('br');
    expect(packed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(packed.headers.get('vary')).toContain('accept-encoding');
    expect(await packed.text()).toBe(SCRIPT);
    for (const coding of ['identity', 'br;q=0', 'gzip', 'xbr']) {
      const plain = await ask(built, path, { 'accept-encoding': coding });
      expect([coding, plain.headers.get('content-encoding')]).toEqual([coding, null]);
      expect(await plain.text()).toBe(SCRIPT);
    }
    const head = await ask(built, path, { 'accept-encoding': 'identity' }, 'HEAD');
    expect([head.headers.get('content-length'), await head.text()]).toEqual([String(SCRIPT.length), '']);
  });

  test.each(['nothing.js', 'a-1.js.br', '..%2findex.html', '%00', 'constructor'])(
    '%s is none',
    async (name) => {
      const answer = await ask(built, `/console/assets/${name}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get('content-type')).toContain('problem+json');
    },
  );
});

test('without a build it says how to make one, and programs still hear what they heard', async () => {
  const page = await ask(bare, '/');
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('npm run build')]);
  expect((await ask(bare, '/', { accept: '*/*' })).status).toBe(200);
  expect((await ask(bare, '/console/assets/a-1.js')).status).toBe(404);
});
