/** What the program that changes pictures is asked for, and what it answers. */
import type { ImageFault } from '../../application/ports/image-transformer.ts';
import type { ImageTransformation } from '../../domain/storage/image-transformation.ts';

export interface ImageJob {
  readonly bytes: Buffer;
  readonly transformation: ImageTransformation;
  readonly mostPixels: number;
}

export type ImageAnswer =
  { readonly bytes: Buffer; readonly mediaType: string } | { readonly fault: ImageFault };

/** What is taken, and made. */
export const TAKEN_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'] as const;

export type TakenType = (typeof TAKEN_TYPES)[number];
