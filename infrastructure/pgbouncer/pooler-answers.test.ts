import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { poolerAnswers } from './pooler-answers.ts';

async function server(place: string | number, listener: (socket: Socket) => void) {
  const listening = createServer(listener).listen(place);
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  return listening;
}
const portOf = async (listener: (socket: Socket) => void) =>
  ((await server(0, listener)).address() as AddressInfo).port;

/** as PostgreSQL's protocol wants it: the length, and the code of a question for TLS */
const answersTls = (socket: Socket) =>
  socket.once('data', (asked) => {
    if (asked.equals(Buffer.from('0000000804d2162f', 'hex'))) socket.write('N');
    else socket.destroy();
  });

test('who answers is there, by a port and by a socket', async () => {
  expect(await poolerAnswers({ host: '127.0.0.1', port: await portOf(answersTls) })).toBe(true);
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-socket-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await server(join(folder, '.s.PGSQL.6432'), answersTls);
  expect(await poolerAnswers({ host: folder, port: 6432 })).toBe(true);
  expect(await poolerAnswers({ host: folder, port: 6433 })).toBe(false);
});

test('who says nothing, or hangs up, or is not there, is away', async () => {
  const silent = await portOf((socket) => socket.on('error', () => {}));
  expect(await poolerAnswers({ host: '127.0.0.1', port: silent }, 50)).toBe(false);
  const rude = await portOf((socket) => socket.destroy());
  expect(await poolerAnswers({ host: '127.0.0.1', port: rude })).toBe(false);
  expect(await poolerAnswers({ host: '127.0.0.1', port: 1 })).toBe(false);
});
