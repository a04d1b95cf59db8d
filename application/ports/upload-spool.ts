/**
 * Uploads that come in parts, on the local disk until they are whole, whatever the store is. What is here is no file of the
 * project's yet: who finishes an upload reads it from here, and stores it as any other.
 */
import type { Readable } from 'node:stream';
import type { Brand } from '../../domain/brand.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { JsonObject } from '../../domain/storage/stored-object.ts';
import type { WholeFile } from './object-store.ts';

/** A random UUID, in lower case: whoever knows it may ask how far the upload is. */
export type UploadId = Brand<string, 'UploadId'>;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isUploadId = (text: string): text is UploadId => ID.test(text);

export interface SpooledPart {
  /** 1 to 10,000 */
  readonly number: number;
  readonly size: number;
  /** in hexadecimal digits; null: it was appended to */
  readonly md5: string | null;
  readonly storedAt: Date;
}

export interface BegunUpload {
  readonly id: UploadId;
  /** what its protocol has to know of it, as it was given */
  readonly about: JsonObject;
  readonly begunAt: Date;
}

export interface SpooledUpload extends BegunUpload {
  /** in the order of their numbers */
  readonly parts: readonly SpooledPart[];
}

/** There is no such upload, or not any more. */
export class UploadMissing extends Error {
  constructor() {
    super('there is no such upload');
    this.name = 'UploadMissing';
  }
}

/**
 * Each of these may throw {@link UploadMissing} of an upload that is not there, and `Unavailable` when the disk does not
 * do what it should. Two that write the same part at once are no error of the spool's: a whole part of one of them stays,
 * and who appends takes care that nobody else does.
 */
export interface UploadSpool {
  /** A new one, for good. @throws {StoreFull} @throws {StorageError} SlowDown: the project has as many as one may have */
  begin(project: ProjectId, id: UploadId, about: JsonObject): Promise<void>;
  /** What is known of it takes the place of what was. */
  describe(project: ProjectId, id: UploadId, about: JsonObject): Promise<void>;
  find(project: ProjectId, id: UploadId): Promise<SpooledUpload | undefined>;
  /** The same without its parts, of which there may be many. */
  begun(project: ProjectId, id: UploadId): Promise<BegunUpload | undefined>;
  /** How much all other parts of it have, 0 of one that is not there: who counts along knows it without a look at them. */
  bytesBeside(project: ProjectId, id: UploadId, number: number): Promise<number>;
  /** Those of a project, in no order. */
  list(project: ProjectId): AsyncIterable<SpooledUpload>;
  /**
   * In the place of a part of that number; whole and durable, or not at all.
   * @param source whatever it fails with is what this rejects with; destroyed when this rejects. Its chunks are given away, as
   * to an ObjectStore; those of `append`, too.
   * @throws {StoreFull} @throws the signal's reason
   */
  putPart(
    project: ProjectId,
    id: UploadId,
    number: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<SpooledPart>;
  /**
   * More of a part. What it holds behind `at` goes first, and what has come stays, durable, also when the source fails or the
   * signal aborts.
   * @param at not behind its end; of a part that is not there 0
   * @returns how long the part is now
   * @throws what the source failed with @throws {StoreFull} @throws the signal's reason
   */
  append(
    project: ProjectId,
    id: UploadId,
    number: number,
    at: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<number>;
  /** A part, for a store to have: what it took stays as it is, whoever appends to the part later. */
  fileOf(project: ProjectId, id: UploadId, number: number): Promise<WholeFile>;
  /**
   * The bytes of these parts, one after the other. It is to be read or destroyed.
   * @throws {UploadMissing} by the stream: one is not there, or has another MD5 by now
   */
  read(project: ProjectId, id: UploadId, parts: readonly Pick<SpooledPart, 'number' | 'md5'>[]): Readable;
  /** Nothing of it stays. What is not there is no error. */
  end(project: ProjectId, id: UploadId): Promise<void>;
  /** Nothing of the project's stays. */
  removeAll(project: ProjectId): Promise<void>;
  /** Ends those that were begun before, and returns how many. */
  removeOlder(than: Date, signal?: AbortSignal): Promise<number>;
}
