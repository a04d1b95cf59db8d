/** The bytes of projects' files. What they are called by users, and who may have them, their rows say. */
import type { Readable, Writable } from 'node:stream';
import type { Brand } from '../../domain/brand.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** A random UUID, in lower case: bytes are under it, and never change. */
export type ObjectVersion = Brand<string, 'ObjectVersion'>;

const VERSION = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Rows are the owner's to write: what stands in one may be anything. */
export const isObjectVersion = (text: string): text is ObjectVersion => VERSION.test(text);

export interface StoredBytes {
  readonly size: number;
  /** in hexadecimal digits */
  readonly md5: string;
}

/** Both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** On this machine, and written to by nobody any more: whoever wants other bytes in its place makes another file. */
export interface WholeFile {
  readonly path: string;
  readonly size: number;
}

/** A stream that is to be read or destroyed. */
export interface OpenedBytes extends Readable {
  /**
   * Sends all of them instead, and waits for each piece until the sink has let go of it, so that its memory is used again.
   * What may fail leaves it destroyed. Stores that have nothing to gain by it do not have it.
   */
  pourInto?(sink: Writable): Promise<void>;
}

export interface StoredVersion {
  readonly version: ObjectVersion;
  readonly size: number;
  readonly storedAt: Date;
}

/** Of files. */
export interface Taken {
  readonly files: number;
  readonly bytes: number;
}

/** There are none under that version. */
export class BytesMissing extends Error {
  constructor() {
    super('the bytes of this version are not there');
    this.name = 'BytesMissing';
  }
}

/** There is no room for them. Nothing that was there is damaged. */
export class StoreFull extends Error {
  constructor() {
    super('the store has no room left');
    this.name = 'StoreFull';
  }
}

export interface ObjectStore {
  /**
   * Never holds all of them in memory. Resolves when they are durable: then, and not before, they are there. When it rejects
   * they are not, or never will be looked for.
   * @param source whatever it fails with is what this rejects with; destroyed when this rejects. Its chunks are given away: of
   * those that are all of an ArrayBuffer the memory may be let go of when they are written.
   * @param inPlaceOf what is removed when these are there, for whoever counts: it may make room for them
   * @throws {StoreFull} @throws {Unavailable} the store is away @throws the signal's reason
   */
  put(
    project: ProjectId,
    version: ObjectVersion,
    source: Readable,
    signal?: AbortSignal,
    inPlaceOf?: ObjectVersion,
  ): Promise<StoredBytes>;
  /** The bytes of a file, which stays: a store on the same disk has the file itself, and needs no room. As `put` else. */
  putFile(
    project: ProjectId,
    version: ObjectVersion,
    file: WholeFile,
    inPlaceOf?: ObjectVersion,
  ): Promise<StoredBytes>;
  /**
   * @param range within the size
   * @returns the size of the whole, and a stream. Who removes the version meanwhile does not cut it off.
   * @throws {BytesMissing} @throws {Unavailable}
   */
  open(
    project: ProjectId,
    version: ObjectVersion,
    range?: ByteRange,
    signal?: AbortSignal,
  ): Promise<{ readonly size: number; readonly bytes: OpenedBytes }>;
  /**
   * What `put` told of them, worked out anew.
   * @param read is told of bytes that were read, and waited for: whoever has time makes it slow
   * @throws {BytesMissing} @throws {Unavailable} @throws what `read` throws
   */
  digest(
    project: ProjectId,
    version: ObjectVersion,
    read?: (bytes: number) => Promise<void>,
  ): Promise<StoredBytes>;
  /** What is not there is no error. @returns what there was @throws {Unavailable} */
  remove(project: ProjectId, versions: readonly ObjectVersion[]): Promise<Taken>;
  /** Nothing of the project's stays. @throws {Unavailable} */
  removeAll(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /** Whatever is there, in no order, a page at a time; what is being stored is not. @throws {Unavailable} */
  list(project: ProjectId, signal?: AbortSignal): AsyncIterable<StoredVersion>;
  /** Those that have bytes here. @throws {Unavailable} */
  projects(signal?: AbortSignal): AsyncIterable<ProjectId>;
}
