/**
 * Changes pictures, one at a time: a program of its own, for what decodes them is large, and they are anybody's. It has no
 * secrets, and whoever started it may end it at any moment.
 */
import { writeFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import type { ImageTransformation } from '../../domain/storage/image-transformation.ts';
import { TAKEN_TYPES, type ImageAnswer, type ImageJob, type TakenType } from './image-job.ts';

try {
  // a picture may take half a gigabyte: when memory ends, this ends, and not a database (Linux)
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // there is no such file elsewhere
}
sharp.cache(false);
sharp.concurrency(1);
// whatever else libvips reads, such as SVG and what leads it to other files, is nothing that it should try
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((kind) => `VipsForeignLoad${kind}Buffer`),
});

process.on('message', (job: ImageJob) => {
  void answerOf(job).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function answerOf({ bytes, transformation, mostPixels }: ImageJob): Promise<ImageAnswer> {
  try {
    const picture = sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels });
    const { mediaType: stored, pages = 1 } = await picture.metadata();
    const origin = TAKEN_TYPES.find((type) => type === stored);
    if (!origin) return { fault: 'type' };
    if (pages > 1) return { fault: 'animated' };
    const { format, quality } = transformation;
    const mediaType = format === 'origin' ? origin : (`image/${format}` as const);
    const changed = encoded(resized(picture.autoOrient(), transformation), mediaType, quality);
    return { bytes: await changed.toBuffer(), mediaType };
  } catch (error) {
    return { fault: faultOf(error instanceof Error ? error.message : '') };
  }
}

const FITS = { cover: 'cover', contain: 'inside', fill: 'fill' } as const;

function resized(picture: Sharp, { width, height, resize }: ImageTransformation): Sharp {
  if (width === undefined && height === undefined) return picture;
  // by one side alone the other follows
  const fit = width === undefined || height === undefined ? 'inside' : FITS[resize];
  return picture.resize({
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    fit,
    withoutEnlargement: true,
  });
}

function encoded(picture: Sharp, type: TakenType, quality: number): Sharp {
  switch (type) {
    case 'image/jpeg':
      return picture.jpeg({ quality });
    case 'image/webp':
      return picture.webp({ quality });
    // more effort takes many times as long for a few bytes
    case 'image/avif':
      return picture.avif({ quality, effort: 2 });
    case 'image/png':
      return picture.png();
    case 'image/gif':
      return picture.gif({ effort: 1 });
  }
}

/** The library has words alone for what is wrong. */
function faultOf(message: string): 'type' | 'large' | 'broken' {
  if (/unsupported image format|is empty/.test(message)) return 'type';
  return message.includes('exceeds pixel limit') ? 'large' : 'broken';
}
