/** Pictures, smaller or in another format. What comes in is anybody's, and may be made to cost much. */
import type { Readable } from 'node:stream';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ImageTransformation } from '../../domain/storage/image-transformation.ts';
import type { ObjectVersion } from './object-store.ts';

/** `type`: no picture of a kind that is taken; `broken`; `animated`; `large`: in bytes or pixels; `slow`: it took too long */
export type ImageFault = 'type' | 'broken' | 'animated' | 'large' | 'slow';

export class ImageRefused extends Error {
  readonly fault: ImageFault;

  constructor(fault: ImageFault) {
    super(`the picture was refused: ${fault}`);
    this.name = 'ImageRefused';
    this.fault = fault;
  }
}

/** The bytes of a version never change, so nor does what is made of them. */
export interface ImageSource {
  readonly project: ProjectId;
  readonly version: ObjectVersion;
  /** Called when their turn has come, if at all. What it throws is what the transformation fails with. */
  readonly open: (signal: AbortSignal) => Promise<{ readonly size: number; readonly bytes: Readable }>;
}

export interface TransformedImage {
  readonly mediaType: string;
  readonly size: number;
  /** to be read or destroyed */
  readonly bytes: Readable;
}

export interface ImageTransformer {
  /**
   * Upright, as its camera meant it, before anything else; what else a file tells of who took it is left out.
   * @throws {ImageRefused} @throws {Unavailable} too many wait already @throws the signal's reason
   */
  transform(
    source: ImageSource,
    transformation: ImageTransformation,
    signal?: AbortSignal,
  ): Promise<TransformedImage>;
  /** Nothing that was made of the project's pictures stays. */
  forget(project: ProjectId): Promise<void>;
}
