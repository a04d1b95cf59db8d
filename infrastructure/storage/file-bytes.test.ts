import { randomBytes } from 'node:crypto';
import { open, truncate, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { callbackify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BytesMissing } from '../../application/ports/object-store.ts';
import { testFolder } from '../testing/folder.ts';
import { FileBytes } from './file-bytes.ts';

const MIB = 1024 * 1024;
const content = randomBytes(5 * MIB + 7);
let folder: Awaited<ReturnType<typeof testFolder>>;
let path: string;
beforeAll(async () => {
  folder = await testFolder();
  path = join(folder.path, 'file');
  await writeFile(path, content);
});
afterAll(() => folder.remove());

async function opened(first = 0, last = content.length - 1) {
  const handle = await open(path);
  return { bytes: new FileBytes(handle, first, last), isOpen: () => handle.fd !== -1 };
}

/** What becomes of the bytes that a real server sends to whoever connects. */
async function served(bytes: FileBytes, patient: (client: ReturnType<typeof connect>) => Promise<void>) {
  const outcome = Promise.withResolvers<unknown>();
  const server = createServer((_req, res: ServerResponse) => {
    res.writeHead(200, { 'content-length': content.length });
    bytes.pourInto(res).then(
      () => res.end(() => outcome.resolve('sent')),
      (error: unknown) => outcome.resolve(error),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await patient(client);
  const told = await outcome.promise;
  client.destroy();
  await new Promise((resolve) => void server.close(resolve));
  return told;
}

test('as a stream, whole and in part', async () => {
  for (const [first, last] of [
    [0, content.length - 1],
    [0, 0],
    [1, 300_000],
    [content.length - 1, content.length - 1],
    [0, -1],
  ] as const) {
    const { bytes, isOpen } = await opened(first, last);
    expect((await buffer(bytes)).equals(content.subarray(first, last + 1))).toBe(true);
    expect(isOpen()).toBe(false);
  }
});

test('who reads slowly gets each byte once, though the memory of what was sent is used again', async () => {
  const { bytes, isOpen } = await opened();
  const came: Buffer[] = [];
  const told = await served(bytes, async (client) => {
    for await (const chunk of client) {
      came.push(chunk as Buffer);
      if (came.length % 8 === 0) await sleep(2);
    }
  });
  const all = Buffer.concat(came);
  expect(told).toBe('sent');
  expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(content)).toBe(true);
  expect(isOpen()).toBe(false);
});

test('nothing is read into what the other end has not let go of', async () => {
  const { bytes } = await opened();
  const came: Buffer[] = [];
  let busy = 0;
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      expect(++busy).toBe(1);
      callbackify(async () => {
        await sleep(3);
        came.push(Buffer.from(chunk));
        busy--;
      })(done);
    },
  });
  await bytes.pourInto(slow);
  expect(Buffer.concat(came).equals(content)).toBe(true);
});

test('who leaves, or is too slow for whoever ends it, leaves no file open', async () => {
  const left = await opened();
  expect(
    await served(left.bytes, async (client) => {
      client.once('data', () => client.destroy());
      await new Promise((resolve) => void client.once('close', resolve));
    }),
  ).toBeInstanceOf(Error);
  const stuck = await opened();
  expect(
    await served(stuck.bytes, async (client) => {
      client.pause();
      await sleep(50);
      stuck.bytes.destroy();
    }),
  ).toBeInstanceOf(Error);
  const gone = await opened();
  const sink = new Writable();
  sink.destroy();
  await expect(gone.bytes.pourInto(sink)).rejects.toThrow('broken off');
  await expect.poll(() => [left, stuck, gone].map(({ isOpen }) => isOpen())).toEqual([false, false, false]);
});

test('a file that has become shorter is an error, not an answer that never ends', async () => {
  await truncate(path, MIB);
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const [poured, read] = [await opened(), await opened()];
  await expect(poured.bytes.pourInto(sink)).rejects.toThrow(BytesMissing);
  await expect(buffer(read.bytes)).rejects.toThrow(BytesMissing);
  await writeFile(path, content);
});
