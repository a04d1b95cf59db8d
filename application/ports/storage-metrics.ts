import type { ImageFault } from './image-transformer.ts';

/** `failed`: it was no picture's fault */
export type PictureOutcome = 'changed' | 'failed' | ImageFault;

/**
 * What the storage service counts for whoever runs the platform: how much, never whose. A call costs nothing, cannot fail and
 * waits for nothing.
 */
export interface StorageMetrics {
  /** Bytes of an object that were stored, or sent to the end. */
  moved(direction: 'in' | 'out', bytes: number): void;
  /** One was to be changed, and was not there from an earlier time. */
  picture(outcome: PictureOutcome, durationMs: number): void;
  /** An answer says no with this code of a StorageError. */
  refused(code: string): void;
}
