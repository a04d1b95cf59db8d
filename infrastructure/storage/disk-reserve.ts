import { statfs } from 'node:fs/promises';
import { StoreFull } from '../../application/ports/object-store.ts';

const SHARE = 0.05;
const MOST_BYTES = 10 * 1024 ** 3;
const LOOK_EVERY_MS = 1_000;

export interface DiskRoom {
  /** of the whole disk */
  readonly bytes: number;
  /** of those, what may still be written */
  readonly freeBytes: number;
}

/** @throws what statfs throws */
export async function roomOn(folder: string): Promise<DiskRoom> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { bytes: blocks * bsize, freeBytes: bavail * bsize };
}

/**
 * What files of projects leave of a disk: PostgreSQL and the log may be on it, too, and whatever can be written no more there
 * stops the platform.
 */
export class DiskReserve {
  readonly #room: () => Promise<DiskRoom>;
  readonly #nowMs: () => number;
  #looking: Promise<void> | undefined;
  #lookedMs = -Infinity;

  /** @param room as {@link roomOn} tells it of the disk in question */
  constructor(room: () => Promise<DiskRoom>, nowMs = () => performance.now()) {
    this.#room = room;
    this.#nowMs = nowMs;
  }

  /** Where there was room a second ago there is some. @throws {StoreFull} @throws what statfs throws */
  async require(): Promise<void> {
    if (this.#nowMs() - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { bytes, freeBytes } = await this.#room();
    if (freeBytes < Math.min(bytes * SHARE, MOST_BYTES)) throw new StoreFull();
    this.#lookedMs = this.#nowMs();
  }
}
