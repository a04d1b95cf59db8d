import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import {
  imageTransformerContract,
  sourceOf,
  twoColours,
  wanted,
} from '../../application/ports/image-transformer.contract.ts';
import type { ImageSource, ImageTransformer } from '../../application/ports/image-transformer.ts';
import { CachedImages } from './cached-images.ts';
import { SharpImages } from './sharp-images.ts';

const undo: (() => Promise<unknown> | void)[] = [];
afterAll(async () => {
  for (const one of undo.reverse()) await one();
});
const warned: unknown[] = [];
const log = { warn: (line: object) => void warned.push(line) };

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-images-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const sharp = new SharpImages();
undo.push(() => sharp.stop());

imageTransformerContract('kept on the disk', async () => {
  const folder = await newFolder();
  return {
    images: await CachedImages.open(sharp, { folder, mostBytes: 50_000_000, log }),
    close: async () => {},
  };
});

/** Says how often it was asked, and gives so many bytes of what was asked for. */
class Counting implements ImageTransformer {
  asked = 0;
  readonly #size: number;

  constructor(size = 10) {
    this.#size = size;
  }

  transform({ version }: ImageSource) {
    this.asked++;
    const bytes = Buffer.alloc(this.#size, version);
    return Promise.resolve({
      mediaType: 'image/webp',
      size: bytes.length,
      bytes: Readable.from([bytes], { objectMode: false }),
    });
  }

  forget() {
    return Promise.resolve();
  }
}

async function cacheOf(images: ImageTransformer, mostBytes = 1_000_000, folder?: string) {
  const place = folder ?? (await newFolder());
  return { folder: place, cache: await CachedImages.open(images, { folder: place, mostBytes, log }) };
}
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => !one.isDirectory());

test('what was made once is there the next time, also for the next process, and its source is not opened', async () => {
  const picture = await twoColours(80, 60).png().toBuffer();
  let opened = 0;
  const source = sourceOf(picture);
  const counting = { ...source, open: (signal: AbortSignal) => (opened++, source.open(signal)) };
  const { folder, cache } = await cacheOf(sharp);
  const [first, second] = [
    await cache.transform(counting, wanted({ width: 8 })),
    await cache.transform(counting, wanted({ width: '8', resize: 'cover' })),
  ];
  const bytes = await buffer(first.bytes);
  expect((await buffer(second.bytes)).equals(bytes)).toBe(true);
  const { cache: next } = await cacheOf(sharp, 1_000_000, folder);
  const third = await next.transform(counting, wanted({ width: 8 }));
  expect([third.mediaType, third.size]).toEqual(['image/png', bytes.length]);
  expect((await buffer(third.bytes)).equals(bytes)).toBe(true);
  expect(opened).toBe(1);
  await buffer((await next.transform(counting, wanted({ width: 9 }))).bytes);
  expect(opened).toBe(2);
  for (const file of await filesIn(folder))
    expect((await stat(join(file.parentPath, file.name))).mode & 0o777).toBe(0o600);
});

test('a version of one project is nobody else’s', async () => {
  const images = new Counting();
  const { cache } = await cacheOf(images);
  const [mine, yours] = [sourceOf(Buffer.alloc(0)), sourceOf(Buffer.alloc(0))];
  await cache.transform(mine, wanted({}));
  await cache.transform({ ...yours, version: mine.version }, wanted({}));
  expect(images.asked).toBe(2);
});

test('who asks at once for the same has it made once, and who leaves costs the others nothing', async () => {
  const images = new Counting();
  const { cache } = await cacheOf(images);
  const source = sourceOf(Buffer.alloc(0));
  const leaving = cache.transform(source, wanted({}), AbortSignal.abort(new Error('gone')));
  const staying = Array.from({ length: 5 }, () => cache.transform(source, wanted({})));
  await expect(leaving).rejects.toThrow('gone');
  for (const made of await Promise.all(staying)) expect(await text(made.bytes)).toHaveLength(10);
  expect(images.asked).toBe(1);
});

test('what fails is not kept', async () => {
  const { folder, cache } = await cacheOf(sharp);
  const source = sourceOf(Buffer.from('no picture'));
  await expect(cache.transform(source, wanted({}))).rejects.toMatchObject({ fault: 'type' });
  await expect(cache.transform(source, wanted({}))).rejects.toMatchObject({ fault: 'type' });
  expect(await filesIn(folder)).toEqual([]);
});

test('there is a bound: what was not asked for longest goes first, and the next process goes on so', async () => {
  const images = new Counting(40_000);
  const { folder, cache } = await cacheOf(images, 100_000);
  const [one, two, three] = [1, 2, 3].map(() => sourceOf(Buffer.alloc(0))) as [
    ImageSource,
    ImageSource,
    ImageSource,
  ];
  const ask = async (source: ImageSource, of = cache) => {
    const before = images.asked;
    await buffer((await of.transform(source, wanted({}))).bytes);
    return images.asked > before ? 'made' : 'kept';
  };
  expect([await ask(one), await ask(two), await ask(one), await ask(three)]).toEqual([
    'made',
    'made',
    'kept',
    'made',
  ]);
  expect([cache.bytes, (await filesIn(folder)).length]).toEqual([80_000, 2]);
  const old = new Date(Date.UTC(2020, 0, 1));
  for (const { parentPath, name } of await filesIn(folder)) {
    const at = parentPath.endsWith(one.project) ? old : new Date(old.getTime() + 1_000);
    await utimes(join(parentPath, name), at, at);
  }
  expect(await ask(one)).toBe('kept');
  const { cache: next } = await cacheOf(images, 50_000, folder);
  expect([next.bytes, (await filesIn(folder)).length]).toEqual([40_000, 1]);
  expect([await ask(one, next), await ask(three, next)]).toEqual(['kept', 'made']);
});

test('one that is larger than all may be is made, and not kept', async () => {
  const { folder, cache } = await cacheOf(new Counting(400), 100);
  expect(await text((await cache.transform(sourceOf(Buffer.alloc(0)), wanted({}))).bytes)).toHaveLength(400);
  expect([cache.bytes, await filesIn(folder)]).toEqual([0, []]);
});

test('whoever has access to the disk may empty it, or put other things there', async () => {
  const images = new Counting();
  const { folder, cache } = await cacheOf(images);
  const source = sourceOf(Buffer.alloc(0));
  await cache.transform(source, wanted({}));
  const [kept] = await filesIn(folder);
  const path = join(kept?.parentPath ?? '', kept?.name ?? '');
  await rm(path);
  await symlink('/etc/passwd', path);
  expect(await text((await cache.transform(source, wanted({}))).bytes)).toHaveLength(10);
  expect(images.asked).toBe(2);
  await mkdir(join(folder, 'something'));
  await writeFile(join(folder, source.project, 'half-written'), 'x');
  await cacheOf(images, 10_000, folder);
  expect((await filesIn(folder)).map(({ name }) => name)).toEqual([kept?.name]);
  expect((await readdir(folder)).sort()).toEqual([source.project]);
});

test('nothing of a project stays when it is forgotten', async () => {
  const images = new Counting();
  const { folder, cache } = await cacheOf(images);
  const [gone, kept] = [sourceOf(Buffer.alloc(0)), sourceOf(Buffer.alloc(0))];
  await cache.transform(gone, wanted({}));
  await cache.transform(kept, wanted({}));
  await cache.forget(gone.project);
  await cache.forget(gone.project);
  expect(await readdir(folder)).toEqual([kept.project]);
  expect(cache.bytes).toBe(4_096);
  await cache.transform(gone, wanted({}));
  expect(images.asked).toBe(3);
});

test('what is being made of a project that is forgotten does not stay', async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const images = new Counting();
  const slow: ImageTransformer = {
    transform: (source) => goOn.then(() => images.transform(source)),
    forget: () => Promise.resolve(),
  };
  const { folder, cache } = await cacheOf(slow);
  const [gone, other] = [sourceOf(Buffer.alloc(0)), sourceOf(Buffer.alloc(0))];
  const making = cache.transform(gone, wanted({}));
  void cache.transform(other, wanted({}));
  await setTimeout(10);
  const forgetting = cache.forget(gone.project);
  await setTimeout(10);
  resolve();
  expect(await text((await making).bytes)).toHaveLength(10);
  await forgetting;
  expect(await readdir(folder)).toEqual([other.project]);
  expect(cache.bytes).toBe(4_096);
});

test('a disk that takes nothing is no reason not to show it', async () => {
  const { folder, cache } = await cacheOf(new Counting());
  const source = sourceOf(Buffer.alloc(0));
  // in the place of the project's folder
  await writeFile(join(folder, source.project), 'x');
  expect(await text((await cache.transform(source, wanted({}))).bytes)).toHaveLength(10);
  expect(warned).toHaveLength(1);
});
