/**
 * A real S3 server behind a door that is as strict as those servers which it is not: what is sent has its length and an MD5 that is
 * right, and nothing that only Amazon understands. The door can be in the way.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Settings } from '../storage/s3-client.ts';

/**
 * `cut`: it hangs up in the middle; `silent`: it takes a request and never answers; `stuck`: bodies end in the middle; `full`: no room;
 * `slow`: it takes its time to make objects of parts
 */
export type DoorMood = 'open' | 'cut' | 'silent' | 'stuck' | 'full' | 'slow';

/** longer than an answer takes that is waited for */
export const SLOW_MS = 1_500;

export interface S3TestServer {
  readonly settings: S3Settings;
  /** what servers of another dialect would have refused */
  readonly faults: readonly string[];
  /** requests so far, such as `PUT /files/x` */
  readonly asked: readonly string[];
  /** @param times how many requests it lasts for */
  mood(mood: DoorMood, times?: number): void;
  stop(): Promise<void>;
}

const BUCKET = 'files';

export async function startS3Server(): Promise<S3TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-s3-'));
  const server = fork(join(import.meta.dirname, 's3-server-main.ts'), [folder, BUCKET], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // it makes its tokens of a cipher that OpenSSL has put away
    execArgv: ['--openssl-legacy-provider'],
  });
  const behind = await new Promise<number>((resolve, reject) => {
    server.once('message', (port) => resolve(Number(port)));
    server.once('exit', () => reject(new Error('the S3 server ended at once')));
  });
  const faults: string[] = [];
  const asked: string[] = [];
  let [mood, left]: [DoorMood, number] = ['open', 0];
  const sockets = new Set<Socket>();
  const door = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    const now = left > 0 ? mood : 'open';
    left--;
    pass(req, res, { behind, mood: now, fault: (text) => faults.push(`${req.method} ${req.url}: ${text}`) });
  });
  door.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void door.listen(0, '127.0.0.1', resolve));
  return {
    settings: {
      endpoint: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
      region: 'us-east-1',
      bucket: BUCKET,
      prefix: 'launchdb/',
      pathStyle: true,
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
    },
    faults,
    asked,
    mood: (next, times = Infinity) => void ([mood, left] = [next, times]),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      door.close();
      server.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Passing {
  readonly behind: number;
  readonly mood: DoorMood;
  readonly fault: (text: string) => void;
}

function pass(req: IncomingMessage, res: ServerResponse, { behind, mood, fault }: Passing): void {
  const md5 = createHash('md5');
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    md5.update(chunk);
    size += chunk.length;
    if (mood === 'cut' && size > 100_000) req.socket.destroy();
  });
  if (mood === 'silent') return;
  if (mood === 'cut' && req.method !== 'PUT') return void req.socket.destroy();
  if (mood === 'full') return void req.once('end', () => refuse(res));
  const strange = Object.keys(req.headers).filter((name) =>
    /^x-amz-(checksum|sdk-checksum|trailer)/.test(name),
  );
  if (strange.length > 0) fault(`not known everywhere: ${strange.join()}`);
  if (/STREAMING/.test(String(req.headers['x-amz-content-sha256']))) fault('a body in frames');
  req.once('end', () => {
    if (req.method !== 'PUT') return;
    if (req.headers['content-length'] !== String(size)) fault('no length');
    if (req.headers['content-md5'] !== md5.digest('base64')) fault('a wrong checksum, or none');
  });
  const { method, url: path, headers } = req;
  const onward = ask({ host: '127.0.0.1', port: behind, method, path, headers, agent: false }, (answer) => {
    const isJoined = method === 'POST' && path?.includes('uploadId=');
    if (mood === 'slow' && isJoined) return void setTimeout(() => give(answer, res), SLOW_MS);
    if (mood !== 'stuck') return give(answer, res);
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.once('data', (chunk: Buffer) => {
      res.write(chunk.subarray(0, 1_000));
      answer.destroy();
    });
  });
  onward.on('error', () => res.destroy());
  req.on('close', () => {
    if (!req.complete) onward.destroy();
  });
  req.pipe(onward);
}

function give(answer: IncomingMessage, res: ServerResponse): void {
  res.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(res);
}

function refuse(res: ServerResponse): void {
  res.writeHead(507, { 'content-type': 'application/xml' });
  res.end('<Error><Code>XMinioStorageFull</Code><Message>no room</Message></Error>');
}
