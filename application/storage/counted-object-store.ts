import type { Readable } from 'node:stream';
import type { ProjectId } from '../../domain/project/project-id.ts';
import {
  BytesMissing,
  type ByteRange,
  type ObjectStore,
  type ObjectVersion,
  type OpenedBytes,
  type StoredBytes,
  type StoredVersion,
  type Taken,
  type WholeFile,
} from '../ports/object-store.ts';
import type { FileUsage, Room } from './file-usage.ts';
import { StorageError } from './storage-error.ts';
import { meteredBytes, type Pace } from './metered-bytes.ts';

/**
 * A store that takes no more of a project than it may have, and from nobody who is too slow. Whatever way an upload comes, it comes
 * by here.
 * @throws {StorageError} of `put`: QuotaExceeded, RequestTimeout
 */
export class CountedObjectStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #usage: FileUsage;
  readonly #pace: Pace | undefined;

  constructor(store: ObjectStore, usage: FileUsage, pace?: Pace) {
    this.#store = store;
    this.#usage = usage;
    this.#pace = pace;
  }

  async put(
    project: ProjectId,
    version: ObjectVersion,
    source: Readable,
    signal?: AbortSignal,
    inPlaceOf?: ObjectVersion,
  ): Promise<StoredBytes> {
    // an error that comes before anybody reads it is found when it is read
    source.on('error', () => {});
    const room = await this.#roomFor(project, inPlaceOf).catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    return keptIn(room, version, () =>
      this.#store.put(
        project,
        version,
        meteredBytes(source, (bytes) => room.take(bytes), this.#pace),
        signal,
      ),
    );
  }

  async putFile(
    project: ProjectId,
    version: ObjectVersion,
    file: WholeFile,
    inPlaceOf?: ObjectVersion,
  ): Promise<StoredBytes> {
    const room = await this.#roomFor(project, inPlaceOf);
    return keptIn(room, version, async () => {
      room.take(file.size);
      return this.#store.putFile(project, version, file);
    });
  }

  /** Where there is none for one file more, there may be for one in the place of another: of one that is there, whatever rows say. */
  async #roomFor(project: ProjectId, inPlaceOf: ObjectVersion | undefined): Promise<Room> {
    try {
      return await this.#usage.roomForFile(project);
    } catch (error) {
      const isFull = error instanceof StorageError && error.code === 'QuotaExceeded';
      if (!isFull || inPlaceOf === undefined) throw error;
      const { bytes } = await this.#store.open(project, inPlaceOf).catch((missing: unknown) => {
        throw missing instanceof BytesMissing ? error : missing;
      });
      bytes.on('error', () => {});
      bytes.destroy();
      return this.#usage.roomForFile(project, inPlaceOf);
    }
  }

  open(
    project: ProjectId,
    version: ObjectVersion,
    range?: ByteRange,
    signal?: AbortSignal,
  ): Promise<{ readonly size: number; readonly bytes: OpenedBytes }> {
    return this.#store.open(project, version, range, signal);
  }

  digest(
    project: ProjectId,
    version: ObjectVersion,
    read?: (bytes: number) => Promise<void>,
  ): Promise<StoredBytes> {
    return this.#store.digest(project, version, read);
  }

  async remove(project: ProjectId, versions: readonly ObjectVersion[]): Promise<Taken> {
    const freed = await this.#store.remove(project, versions);
    this.#usage.freed(project, freed);
    return freed;
  }

  async removeAll(project: ProjectId, signal?: AbortSignal): Promise<void> {
    await this.#store.removeAll(project, signal);
    this.#usage.forget(project);
  }

  list(project: ProjectId, signal?: AbortSignal): AsyncIterable<StoredVersion> {
    return this.#store.list(project, signal);
  }

  projects(signal?: AbortSignal): AsyncIterable<ProjectId> {
    return this.#store.projects(signal);
  }
}

async function keptIn(
  room: Room,
  version: ObjectVersion,
  put: () => Promise<StoredBytes>,
): Promise<StoredBytes> {
  try {
    const stored = await put();
    room.kept(version, stored.size);
    return stored;
  } catch (error) {
    room.given();
    throw error;
  }
}
