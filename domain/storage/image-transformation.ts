/** How a picture is to be changed before it is served. */

export interface ImageTransformation {
  /** in pixels; without either it stays as large as it is, and it is never made larger than it is */
  readonly width?: number;
  readonly height?: number;
  /** `cover`: cut to that shape; `contain`: whole within it; `fill`: drawn to that shape */
  readonly resize: Resize;
  /** `origin`: as it is stored */
  readonly format: ImageFormat;
  readonly quality: number;
}

const RESIZES = ['cover', 'contain', 'fill'] as const;
export type Resize = (typeof RESIZES)[number];
const IMAGE_FORMATS = ['origin', 'avif', 'webp'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

const MOST_PIXELS = 2_500;
const QUALITY = { least: 20, most: 100, usual: 80 };

type Given = Readonly<Partial<Record<keyof ImageTransformation, unknown>>>;

/** @param given as clients write it: numbers may be texts @returns what is wrong with it */
export function imageTransformation(
  given: Given,
): { readonly transformation: ImageTransformation } | { readonly fault: string } {
  const width = numberIn(given.width, 1, MOST_PIXELS);
  const height = numberIn(given.height, 1, MOST_PIXELS);
  const quality = numberIn(given.quality, QUALITY.least, QUALITY.most);
  const resize = oneOf(RESIZES, given.resize, 'cover');
  const format = oneOf(IMAGE_FORMATS, given.format, 'origin');
  if (width === null || height === null)
    return { fault: `width and height are whole numbers from 1 to ${MOST_PIXELS}` };
  if (quality === null)
    return { fault: `quality is a whole number from ${QUALITY.least} to ${QUALITY.most}` };
  if (resize === null) return { fault: `resize is one of ${RESIZES.join(', ')}` };
  if (format === null) return { fault: `format is one of ${IMAGE_FORMATS.join(', ')}` };
  return {
    transformation: {
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      resize,
      format,
      quality: quality ?? QUALITY.usual,
    },
  };
}

/** @returns undefined: nothing is given; null: something else is */
function numberIn(given: unknown, least: number, most: number): number | undefined | null {
  if (given === undefined || given === null) return undefined;
  const text = typeof given === 'number' ? String(given) : given;
  if (typeof text !== 'string' || !/^\d{1,5}$/.test(text)) return null;
  const number = Number(text);
  return number >= least && number <= most ? number : null;
}

function oneOf<T extends string>(all: readonly T[], given: unknown, usual: T): T | null {
  if (given === undefined || given === null) return usual;
  return all.find((one) => one === given) ?? null;
}

/** In one way, so that two that are equal are one text: in links, in caches and in the header that tells of it. */
export const transformationText = ({ width, height, resize, format, quality }: ImageTransformation): string =>
  [
    ...(width === undefined ? [] : [`width:${width}`]),
    ...(height === undefined ? [] : [`height:${height}`]),
    `resize:${resize}`,
    `format:${format}`,
    `quality:${quality}`,
  ].join(',');

/** @returns undefined: no such text */
export function readTransformation(text: string): ImageTransformation | undefined {
  const pairs = text.split(',', 10).map((pair) => pair.split(':', 2) as [string, string?]);
  const read = imageTransformation(Object.fromEntries(pairs));
  return 'transformation' in read ? read.transformation : undefined;
}
