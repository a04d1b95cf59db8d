import { readdir, readFile, readlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import {
  imageTransformerContract,
  sourceOf,
  twoColours,
  wanted,
} from '../../application/ports/image-transformer.contract.ts';
import type { ImageRefused } from '../../application/ports/image-transformer.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { picturesAtOnce, SharpImages, type ImageLimits } from './sharp-images.ts';

imageTransformerContract('sharp', async () => {
  const images = new SharpImages();
  return { images, close: async () => images.stop() };
});

const started: SharpImages[] = [];
afterEach(() => started.splice(0).forEach((images) => images.stop()));
function newImages(limits: Partial<ImageLimits>): SharpImages {
  const images = new SharpImages(limits);
  started.push(images);
  return images;
}

test.each([
  [16, 1, 1],
  [16, 2, 3],
  [16, 64, 8],
  [1, 64, 1],
  [2, 0.25, 1],
])('%i cores and %d GiB have room for %i pictures at once', (cores, gib, most) => {
  expect(picturesAtOnce(cores, gib * 1024 ** 3)).toBe(most);
});

test('what takes too long is ended, and the next one is served', async () => {
  const images = newImages({ workMs: 1, concurrency: 1 });
  const picture = await twoColours(2_000, 2_000).png().toBuffer();
  await expect(images.transform(sourceOf(picture), wanted({ format: 'avif' }))).rejects.toMatchObject({
    fault: 'slow',
  });
  expect(images.load).toMatchObject({ running: 0, waiting: 0 });
});

const chunkOf = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
};

/** of ten by ten pixels, whatever it says, and with something more in it */
function png(side: number, more?: readonly [type: string, data: Buffer]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunkOf('IHDR', header),
    ...(more ? [chunkOf(...more)] : []),
    chunkOf('IDAT', deflateSync(Buffer.alloc((1 + 3 * 10) * 10))),
    chunkOf('IEND', Buffer.alloc(0)),
  ]);
}

test('few bytes that would become very many cost little, wherever they are in a file', async () => {
  const images = newImages({ concurrency: 1 });
  const outcome = (bytes: Buffer, given = {}) =>
    images.transform(sourceOf(bytes), wanted({ width: 5, ...given })).then(
      () => 'changed',
      (error: ImageRefused) => error.fault,
    );
  const zeros = deflateSync(Buffer.alloc(400_000_000));
  const named = Buffer.concat([Buffer.from('name\0\0'), zeros]);
  const jpeg = await twoColours(100, 100).jpeg().toBuffer();
  const gif = await twoColours(10, 10).gif().toBuffer();
  const size = jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 5;
  for (const at of [size, size + 2]) jpeg.writeUInt16BE(65_500, at);
  for (const at of [6, 8]) gif.writeUInt16LE(65_535, at);
  expect(await outcome(jpeg)).toBe('large');
  for (const side of [0, 2 ** 31 - 1]) expect(await outcome(png(side))).toBe('broken');
  expect(await outcome(png(20_000))).toBe('large');
  // a picture that is smaller than what it says of its screen
  expect(await outcome(gif)).toBe('changed');
  for (const [type, data] of [
    ['zTXt', named],
    ['iCCP', named],
    ['IDAT', zeros],
  ] as const)
    expect(await outcome(png(10, [type, data]))).toBe('changed');
  // nothing is made larger than it is
  expect(await outcome(png(10), { width: 2_500, height: 2_500, resize: 'fill' })).toBe('changed');
  const [program] = await programs();
  const [, most] = /^VmHWM:\s+(\d+) kB/m.exec((await program?.read('status')) ?? '') ?? [];
  expect(Number(most)).toBeGreaterThan(1_000);
  expect(Number(most)).toBeLessThan(300_000);
}, 120_000);

test('who changes pictures knows nothing of ours, and ends before us', async () => {
  vi.stubEnv('SECRET_OF_OURS', 'nobody else’s');
  const images = newImages({ concurrency: 1 });
  await images.transform(sourceOf(await twoColours(10, 10).png().toBuffer()), wanted({}));
  vi.unstubAllEnvs();
  const [program] = await programs();
  const environment = (await program?.read('environ')) ?? 'no program';
  expect(environment).toContain('NODE_CHANNEL_FD=');
  expect(environment).not.toContain('SECRET_OF_OURS');
  expect(await readlink(`/proc/${program?.pid}/cwd`)).toBe('/');
  // when memory ends it ends first
  expect(await program?.read('oom_score_adj')).toBe('1000\n');
});

/** Those that this process has started. */
async function programs() {
  const found: { readonly pid: string; readonly read: (what: string) => Promise<string> }[] = [];
  for (const pid of await readdir('/proc')) {
    const read = (what: string) => readFile(`/proc/${pid}/${what}`, 'utf8').catch(() => '');
    const isOurs = /^\d+$/.test(pid) && (await read('status')).includes(`\nPPid:\t${process.pid}\n`);
    if (isOurs && (await read('cmdline')).includes('image-program-main')) found.push({ pid, read });
  }
  return found;
}

test('what nobody waits for any more is ended, or not begun', async () => {
  const images = newImages({ concurrency: 1 });
  const picture = await twoColours(3_000, 3_000).png().toBuffer();
  const leaving = new AbortController();
  const first = images.transform(sourceOf(picture), wanted({ format: 'avif' }), leaving.signal);
  let opened = 0;
  const counting = { ...sourceOf(picture), open: () => (opened++, sourceOf(picture).open(leaving.signal)) };
  const second = images.transform(counting, wanted({}), leaving.signal);
  const outcomes = Promise.allSettled([first, second]);
  await sleep(20);
  leaving.abort(new Error('gone'));
  expect((await outcomes).map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual([
    'gone',
    'gone',
  ]);
  expect(opened).toBe(0);
  const next = await images.transform(sourceOf(picture), wanted({ width: 5 }));
  expect(next.mediaType).toBe('image/png');
});

test('a store that does not go on is not waited for', async () => {
  const images = newImages({ readMs: 20 });
  const bytes = new Readable({ read() {} });
  const source = { ...sourceOf(Buffer.alloc(0)), open: async () => ({ size: 10, bytes }) };
  await expect(images.transform(source, wanted({}))).rejects.toThrow('read the picture in time');
  expect(bytes.destroyed).toBe(true);
});

test('who asks for much leaves turns for the others', async () => {
  const images = newImages({ concurrency: 1 });
  const picture = await twoColours(100, 100).png().toBuffer();
  const flood = newProject();
  const served: string[] = [];
  const ask = (name: string, source = sourceOf(picture)) =>
    images.transform(source, wanted({ width: 10 })).then(() => served.push(name));
  const all = Array.from({ length: 10 }, () => ask('flood', { ...sourceOf(picture), project: flood }));
  all.push(ask('quiet'));
  await Promise.all(all);
  expect(served.indexOf('quiet')).toBeLessThanOrEqual(1);
});

test('too many that wait are sent away', async () => {
  const images = newImages({ concurrency: 1, queueLength: 1 });
  const picture = await twoColours(100, 100).png().toBuffer();
  const project = newProject();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () => images.transform({ ...sourceOf(picture), project }, wanted({}))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  expect(outcomes[3]).toMatchObject({ reason: { name: 'Unavailable' } });
});
