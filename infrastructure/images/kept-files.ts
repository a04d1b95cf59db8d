/** Which files there are, and which of them go when they are too large together: whatever was not asked for longest first. */
/** a file of few bytes takes a block of the disk, too, and a name in memory */
const LEAST_BYTES = 4 * 1024;

export class KeptFiles {
  readonly #mostBytes: number;
  /** by their paths, those asked for last at the end */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(path: string, bytes: number): void {
    this.remove(path);
    const size = Math.max(bytes, LEAST_BYTES);
    this.#sizes.set(path, size);
    this.#bytes += size;
  }

  /** Whether it is there; it is one that was asked for last from now on. */
  find(path: string): boolean {
    const size = this.#sizes.get(path);
    if (size === undefined) return false;
    this.add(path, size);
    return true;
  }

  remove(path: string): void {
    this.#bytes -= this.#sizes.get(path) ?? 0;
    this.#sizes.delete(path);
  }

  removeAll(isMeant: (path: string) => boolean): void {
    for (const path of Array.from(this.#sizes.keys())) if (isMeant(path)) this.remove(path);
  }

  /** Those that are to be removed, and are not kept any more. */
  tooMany(): readonly string[] {
    const removed: string[] = [];
    for (const path of this.#sizes.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      removed.push(path);
      this.remove(path);
    }
    return removed;
  }
}
