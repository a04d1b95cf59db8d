import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { GatheringSocket } from './gathering-socket.ts';

class CountingSocket extends GatheringSocket {
  calls = 0;

  override _writev(...given: Parameters<NonNullable<GatheringSocket['_writev']>>): void {
    this.calls++;
    super._writev?.(...given);
  }
}

test('what is sent in one turn is one call, in its order; the next turn is another', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = new CountingSocket();
  socket.connect((server.address() as { port: number }).port, '127.0.0.1');
  const [peer] = (await once(server, 'connection')) as [NodeJS.ReadableStream];
  if (socket.connecting) await once(socket, 'connect');
  const heard: string[] = [];
  peer.on('data', (part) => heard.push(part.toString()));
  const say = (text: string) => {
    socket.cork();
    for (const letter of text) socket.write(letter);
    socket.uncork();
  };

  say('one ');
  await Promise.resolve();
  say('two ');
  say('three ');
  await expect.poll(() => heard.join('')).toBe('one two three ');
  expect(socket.calls).toBe(1);
  say('four');
  await expect.poll(() => heard.join('')).toBe('one two three four');
  expect(socket.calls).toBe(2);

  socket.destroy();
  server.close();
});
