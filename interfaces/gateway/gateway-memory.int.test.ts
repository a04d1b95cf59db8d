/** What the gateway holds for connections that say nothing, and for bodies that are larger than any memory. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFullTier } from '../config.ts';

const MIB = 1024 * 1024;
/** a tenth of it shows the same, but for what an engine takes in steps */
const SCALE = isFullTier() ? 1 : 10;
const CONNECTIONS = 10_000 / SCALE;
const BODY_BYTES = Math.floor(1024 / SCALE) * MIB;
const PROJECT = '/project/proj_00000000000000aa';
const PROGRAM = join(import.meta.dirname, '..', 'acceptance', 'gateway-under-test.ts');

let server: Server;
let gateway: ChildProcess;
let port: number;

beforeAll(async () => {
  server = createServer((asked, response) => {
    if (asked.method === 'POST') {
      let bytes = 0;
      asked.on('data', (chunk: Buffer) => void (bytes += chunk.length));
      asked.on('end', () => response.end(String(bytes)));
    } else if (asked.url?.includes('large')) void pipeline(Readable.from(chunks()), response);
    else response.end('[]');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  gateway = fork(PROGRAM, [String((server.address() as AddressInfo).port)]);
  [{ port }] = (await once(gateway, 'message')) as [{ port: number }];
});
afterAll(() => {
  gateway.kill();
  server.close();
});

/** Of the gateway's process. */
async function memory(): Promise<number> {
  gateway.send('memory');
  const [{ bytes }] = (await once(gateway, 'message')) as [{ bytes: number }];
  return bytes / MIB;
}

function* chunks(): Generator<Buffer> {
  const chunk = Buffer.alloc(MIB, 'x');
  for (let sent = 0; sent < BODY_BYTES; sent += MIB) yield chunk;
}

/** One request on a connection that stays. */
async function keptOpen(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${PROJECT}/rest/v1/t HTTP/1.1\r\nHost: x\r\napikey: a.b.c\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

const some = (count: number) => Promise.all(Array.from({ length: count }, keptOpen));

/** The most that it has while something goes on. */
async function mostDuring(work: Promise<unknown>): Promise<number> {
  let most = 0;
  let isOver = false;
  void work.finally(() => (isOver = true)).catch(() => {});
  while (!isOver) most = Math.max(most, await memory());
  await work;
  return most;
}

describe('memory of the gateway', () => {
  test(`${CONNECTIONS} idle connections take 150 MiB at most`, async () => {
    // what its engine takes for itself as soon as there is work is nobody's connection
    for (let times = 0; times < 100 / SCALE; times++) for (const socket of await some(100)) socket.destroy();
    const before = await memory();
    const open: Socket[] = [];
    while (open.length < CONNECTIONS) open.push(...(await some(100)));
    expect((await memory()) - before).toBeLessThan(150);
    expect(open.filter(({ destroyed }) => destroyed)).toEqual([]);
    for (const socket of open) socket.destroy();
  });

  const path = `${PROJECT}/storage/v1/object/large`;

  test('a body of 1 GiB (or a tenth of it) goes up through it, and takes no memory to speak of', async () => {
    const before = await memory();
    const headers = { apikey: 'a.b.c', 'content-length': BODY_BYTES };
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers });
    const answered = once(sent, 'response') as Promise<[Readable]>;
    const most = await mostDuring(pipeline(Readable.from(chunks()), sent));
    const [answer] = await answered;
    expect((await answer.toArray()).join('')).toBe(String(BODY_BYTES));
    expect(most - before).toBeLessThan(128);
  });

  test('and down', async () => {
    const before = await memory();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { apikey: 'a.b.c' } });
    let bytes = 0;
    const read = async () => {
      for await (const chunk of response.body ?? []) bytes += chunk.length;
    };
    const most = await mostDuring(read());
    expect(bytes).toBe(BODY_BYTES);
    expect(most - before).toBeLessThan(128);
  });
});
