/** A neighbour on the machine listens where our server should, and asks for other things than a proof. */
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testPort } from '../testing/port.ts';
import { ScramClient } from './scram-client.ts';
import { sessionPool } from './session-pool.ts';
import { clusterAddress } from '../testing/server.ts';

const PASSWORD = 'what-nobody-may-be-told';

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const authentication = (code: number, rest = ''): Buffer => {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(code);
  return message('R', Buffer.concat([body, Buffer.from(rest, 'latin1')]));
};
const READY = message('Z', Buffer.from('I'));
const ROW = Buffer.concat([message('C', Buffer.from('SELECT 0\0')), READY]);

/** What each neighbour says after the startup message, and after each that follows. */
const NEIGHBOURS: Record<string, readonly Buffer[]> = {
  'a password in the clear': [authentication(3), Buffer.concat([authentication(0), READY]), ROW],
  'an MD5 of it': [authentication(5, 'salt'), Buffer.concat([authentication(0), READY]), ROW],
  nothing: [Buffer.concat([authentication(0), READY]), ROW],
  'nothing, without a word of letting in': [READY, ROW],
  'SCRAM, and proves nothing itself': [
    authentication(10, 'SCRAM-SHA-256\0\0'),
    Buffer.concat([authentication(0), READY]),
    ROW,
  ],
};

describe.each(Object.entries(NEIGHBOURS))('a neighbour that asks for %s', (_, answers) => {
  const heard: string[] = [];
  let port: number;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const left = [...answers];
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      heard.push(piece.toString('latin1'));
      socket.write(left.shift() ?? READY);
    });
  });
  beforeAll(async () => {
    port = await testPort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = () => ({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, database: 'd' });

  test('is told no password and sent no statement', async () => {
    const client = new ScramClient(address());
    client.on('error', () => {});
    await expect(client.connect()).rejects.toThrow('does not ask for SCRAM');
    client.query(`SELECT '${PASSWORD}'`).catch(() => {});
    const pool = sessionPool({ ...address(), max: 1 });
    onTestFinished(() => pool.end());
    for (let tries = 0; tries < 3; tries++)
      await expect(pool.query(`SELECT '${PASSWORD}'`)).rejects.toThrow('does not ask for SCRAM');
    expect(heard.join()).toContain('postgres');
    expect(heard.join()).not.toContain(PASSWORD);
    expect(heard.join()).not.toMatch(/md5[0-9a-f]{32}|SELECT/);
  });
});

test('PostgreSQL proves that it knows the password, and is worked with', async () => {
  const client = new ScramClient({ ...clusterAddress(), database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  const wrong = new ScramClient({ ...clusterAddress(), database: 'postgres', password: 'wrong' });
  wrong.on('error', () => {});
  await expect(wrong.connect()).rejects.toMatchObject({ code: '28P01' });
});
