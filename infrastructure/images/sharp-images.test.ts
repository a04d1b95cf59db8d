import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  imageTransformerContract,
  sourceOf,
  twoColours,
  wanted,
} from '../../application/ports/image-transformer.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { SharpImages, type ImageLimits } from './sharp-images.ts';

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

test('what takes too long is ended, and the next one is served', async () => {
  const images = newImages({ workMs: 1, concurrency: 1 });
  const picture = await twoColours(2_000, 2_000).png().toBuffer();
  await expect(images.transform(sourceOf(picture), wanted({ format: 'avif' }))).rejects.toMatchObject({
    fault: 'slow',
  });
  expect(images.load).toMatchObject({ running: 0, waiting: 0 });
});

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
