import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageTransformation, type ImageTransformation } from '../../domain/storage/image-transformation.ts';
import { newProject } from './databases.contract.ts';
import { ImageRefused, type ImageSource, type ImageTransformer } from './image-transformer.ts';
import { newVersion } from './object-store.contract.ts';

export interface ImageTransformerHarness {
  /** of 50 million pixels and 25 MiB at most */
  readonly images: ImageTransformer;
  close(): Promise<void>;
}

export const sourceOf = (bytes: Buffer): ImageSource => ({
  project: newProject(),
  version: newVersion(),
  open: async () => ({ size: bytes.length, bytes: Readable.from([bytes], { objectMode: false }) }),
});

export function wanted(given: Partial<Record<keyof ImageTransformation, unknown>>): ImageTransformation {
  const read = imageTransformation(given);
  if ('fault' in read) throw new Error(read.fault);
  return read.transformation;
}

/** red on the left, blue on the right */
export const twoColours = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#00f' } }).composite([
    {
      input: { create: { width: Math.floor(width / 2), height, channels: 3, background: '#f00' } },
      left: 0,
      top: 0,
    },
  ]);

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

export function imageTransformerContract(name: string, make: () => Promise<ImageTransformerHarness>): void {
  describe(`image transformer: ${name}`, () => {
    let harness: ImageTransformerHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    const changed = async (bytes: Buffer, given: Parameters<typeof wanted>[0]) => {
      const made = await harness.images.transform(sourceOf(bytes), wanted(given));
      const result = await buffer(made.bytes);
      expect(result.length).toBe(made.size);
      const { format, width, height, ...told } = await sharp(result).metadata();
      return { mediaType: made.mediaType, format, width, height, told, result };
    };
    const faultOf = async (bytes: Buffer, given: Parameters<typeof wanted>[0] = { width: 10 }) => {
      const outcome = await harness.images
        .transform(sourceOf(bytes), wanted(given))
        .catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(ImageRefused);
      return (outcome as ImageRefused).fault;
    };

    test.each([
      ['jpeg', 'image/jpeg'],
      ['png', 'image/png'],
      ['webp', 'image/webp'],
      ['gif', 'image/gif'],
      ['avif', 'image/avif'],
    ] as const)('a %s stays one', async (format, mediaType) => {
      const bytes = await twoColours(60, 40).toFormat(format).toBuffer();
      expect(await changed(bytes, { width: 30 })).toMatchObject({ mediaType, width: 30, height: 20 });
    });

    test.each([
      ['webp', 'image/webp', 'webp'],
      ['avif', 'image/avif', 'heif'],
    ])('becomes a %s', async (format, mediaType, told) => {
      const bytes = await twoColours(60, 40).png().toBuffer();
      const made = await changed(bytes, { format });
      expect(made).toMatchObject({ mediaType, width: 60, height: 40 });
      // by its first bytes, whatever the library calls it
      expect(made.result.subarray(0, 16).toString('latin1')).toMatch(
        told === 'webp' ? /^RIFF....WEBP/s : /ftypavif/,
      );
    });

    test.each([
      [{ width: 50, height: 50 }, 50, 50],
      [{ width: 50, height: 50, resize: 'contain' }, 50, 25],
      [{ width: 50, height: 50, resize: 'fill' }, 50, 50],
      [{ height: 10 }, 20, 10],
      [{ height: 10, resize: 'fill' }, 20, 10],
      // never larger than it is
      [{ width: 2_000 }, 200, 100],
      [{ width: 2_000, height: 2_000, resize: 'contain' }, 200, 100],
      [{}, 200, 100],
    ])('of 200 by 100, %j is %i by %i', async (given, width, height) => {
      const bytes = await twoColours(200, 100).png().toBuffer();
      expect(await changed(bytes, given)).toMatchObject({ width, height });
    });

    test('less quality is fewer bytes', async () => {
      const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
      const bytes = await sharp({
        create: { width: 200, height: 200, channels: 3, noise, background: '#fff' },
      })
        .jpeg({ quality: 100 })
        .toBuffer();
      const [low, high] = [await changed(bytes, { quality: 20 }), await changed(bytes, { quality: 95 })];
      expect(low.result.length).toBeLessThan(high.result.length / 2);
    });

    test('what a camera turned is upright first, and what else it told is left out', async () => {
      // stored 40 by 20, red on the left; shown a quarter turn to the right: 20 by 40, red on top
      const bytes = await twoColours(40, 20)
        .jpeg({ quality: 100 })
        .withExif({ IFD0: { Orientation: '6', Artist: 'somebody' } })
        .withMetadata({ orientation: 6 })
        .toBuffer();
      const made = await changed(bytes, {
        width: 10,
        height: 20,
        resize: 'fill',
        format: 'webp',
        quality: 100,
      });
      expect(made).toMatchObject({ width: 10, height: 20 });
      expect([made.told.orientation, made.told.exif]).toEqual([undefined, undefined]);
      const pixels = await sharp(made.result).removeAlpha().raw().toBuffer();
      const [top, bottom] = [pixels.subarray(0, 3), pixels.subarray(-3)];
      expect([(top[0] ?? 0) > 200, (top[2] ?? 255) < 60]).toEqual([true, true]);
      expect([(bottom[0] ?? 255) < 60, (bottom[2] ?? 0) > 200]).toEqual([true, true]);
    });

    test('what is no picture that is taken is refused: SVG, TIFF, text, nothing', async () => {
      const tiff = await twoColours(10, 10).tiff().toBuffer();
      for (const bytes of [Buffer.from(SVG), tiff, Buffer.from('no picture'), Buffer.alloc(0)])
        expect(await faultOf(bytes)).toBe('type');
    });

    test('a picture that is broken is refused', async () => {
      const whole = await twoColours(400, 400).png().toBuffer();
      expect(await faultOf(whole.subarray(0, whole.length / 2))).toBe('broken');
      const jpeg = await twoColours(400, 400).jpeg().toBuffer();
      expect(await faultOf(jpeg.subarray(0, jpeg.length / 2))).toBe('broken');
    });

    test('animated ones are refused', async () => {
      const frames = await Promise.all(['#f00', '#0f0'].map((background) => frameOf(background)));
      for (const format of ['gif', 'webp'] as const) {
        const moving = await sharp(frames, { join: { animated: true } })
          .toFormat(format)
          .toBuffer();
        expect(await faultOf(moving)).toBe('animated');
      }
    });

    test('few bytes that are very many pixels are refused, by what they say of themselves', async () => {
      const bomb = await sharp({ create: { width: 10_000, height: 6_000, channels: 3, background: '#fff' } })
        .png({ compressionLevel: 9 })
        .toBuffer();
      expect(bomb.length).toBeLessThan(1024 * 1024);
      expect(await faultOf(bomb)).toBe('large');
    });

    test('more bytes than are taken are refused, and not read', async () => {
      let read = 0;
      const bytes = new Readable({ read: () => void read++ });
      const source = { ...sourceOf(Buffer.alloc(0)), open: async () => ({ size: 26 * 1024 * 1024, bytes }) };
      await expect(harness.images.transform(source, wanted({ width: 1 }))).rejects.toThrow(ImageRefused);
      expect([read, bytes.destroyed]).toEqual([0, true]);
    });

    test('what the store fails with is what it fails with', async () => {
      const source = {
        ...sourceOf(Buffer.alloc(0)),
        open: () => Promise.reject(new Error('the store is away')),
      };
      await expect(harness.images.transform(source, wanted({ width: 1 }))).rejects.toThrow(
        'the store is away',
      );
    });
  });
}

const frameOf = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 20, height: 20, channels: 3, background } })
    .png()
    .toBuffer();
