import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { guardedFetch, type GuardOptions } from './guarded-fetch.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close().closeAllConnections();
});

async function serve(
  listener: RequestListener,
): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.host}`);
    listener(req, res);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

const at =
  (address: string): NonNullable<GuardOptions['lookup']> =>
  () =>
    Promise.resolve([address]);
const home = at('127.0.0.1');

test('it asks under the name that it was given, where that was found, once', async () => {
  const { port, asked } = await serve((req, res) => {
    void req.toArray().then((chunks) => res.end(Buffer.concat(chunks as Buffer[])));
  });
  const looked: string[] = [];
  const fetch = guardedFetch({
    mayBePrivate: true,
    lookup: (host) => {
      looked.push(host);
      return Promise.resolve(['127.0.0.1']);
    },
  });
  const answer = await fetch(`http://id.example:${port}/x`, { method: 'POST', body: 'größe' });
  expect([answer.status, await answer.text()]).toEqual([200, 'größe']);
  expect(asked).toEqual([`POST /x id.example:${port}`]);
  expect(looked).toEqual(['id.example']);
});

test.each([
  ['http://127.0.0.1:PORT/', home],
  ['http://127.1:PORT/', home],
  ['http://2130706433:PORT/', home],
  ['http://[::1]:PORT/', home],
  ['http://[::ffff:127.0.0.1]:PORT/', home],
  ['http://localhost:PORT/', home],
  ['http://rebound.example:PORT/', home],
  ['http://rebound.example:PORT/', at('::ffff:127.0.0.1')],
  ['http://metadata.example:PORT/', at('169.254.169.254')],
  ['https://rebound.example:PORT/', at('10.0.0.1')],
  // found in the open, but without TLS
  ['http://open.example:PORT/', at('1.1.1.1')],
  ['file:///etc/passwd', home],
  ['ftp://localhost:PORT/', home],
  ['nonsense', home],
])('%s is not asked', async (address, lookup) => {
  const { port, asked } = await serve((_req, res) => res.end('secret'));
  const fetch = guardedFetch({ mayBePrivate: false, lookup });
  await expect(fetch(address.replace('PORT', String(port)))).rejects.toThrow(/^it (has no|is no) address/);
  expect(asked).toEqual([]);
});

test('where it leads on to is not asked', async () => {
  const other = await serve((_req, res) => res.end('secret'));
  const { port } = await serve((_req, res) =>
    res.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end(),
  );
  const answer = await guardedFetch({ mayBePrivate: true })(`http://127.0.0.1:${port}/`);
  expect(answer.status).toBe(302);
  expect(other.asked).toEqual([]);
});

test.each<[string, RequestListener]>([
  ['never answers', () => {}],
  ['never ends', (_req, res) => res.write('x')],
  [
    'drips',
    (_req, res) => {
      const drip = setInterval(() => res.write('x'), 20);
      res.on('close', () => clearInterval(drip));
    },
  ],
])('one that %s is left when the time is over', async (_what, listener) => {
  const { port } = await serve(listener);
  const fetch = guardedFetch({ mayBePrivate: true, timeMs: 200 });
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('it did not answer as it should');
});

test('one that is never found is left when the time is over', async () => {
  const fetch = guardedFetch({ mayBePrivate: true, timeMs: 50, lookup: () => new Promise(() => {}) });
  await expect(fetch('https://slow.example/')).rejects.toThrow('it was not found in time');
});

test('what is too long, or breaks off, is no answer', async () => {
  const long = await serve((_req, res) => res.end('x'.repeat(2_000)));
  const fetch = guardedFetch({ mayBePrivate: true, bytes: 1_000 });
  await expect(fetch(`http://127.0.0.1:${long.port}/`)).rejects.toThrow('more than 1000 bytes');
  const broken = await serve((_req, res) => {
    res.writeHead(200, { 'content-length': 100 }).write('x');
    setTimeout(() => res.destroy(), 20);
  });
  await expect(fetch(`http://127.0.0.1:${broken.port}/`)).rejects.toThrow('it did not answer as it should');
});
