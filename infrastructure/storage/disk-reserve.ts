import { statfs } from 'node:fs/promises';
import { StoreFull } from '../../application/ports/object-store.ts';

const SHARE = 0.05;
const MOST_BYTES = 10 * 1024 ** 3;
const LOOK_EVERY_MS = 1_000;

/**
 * What files of projects leave of a disk: PostgreSQL and the log may be on it, too, and whatever can be written no more there
 * stops the platform.
 */
export class DiskReserve {
  readonly #folder: string;
  #looking: Promise<void> | undefined;
  #lookedMs = -Infinity;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where there was room a second ago there is some. @throws {StoreFull} @throws what statfs throws */
  async require(): Promise<void> {
    if (performance.now() - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { blocks, bavail, bsize } = await statfs(this.#folder);
    const reserve = Math.min(blocks * SHARE, MOST_BYTES / bsize);
    if (bavail < reserve) throw new StoreFull();
    this.#lookedMs = performance.now();
  }
}
