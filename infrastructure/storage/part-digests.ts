import { createHash } from 'node:crypto';

/** The MD5 of each part of what goes by, as the header Content-MD5 has it. */
export class PartDigests {
  readonly #partBytes: number;
  readonly #done: string[] = [];
  #part = createHash('md5');
  #size = 0;

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  update(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#size === this.#partBytes) this.#finish();
      const taken = chunk.subarray(at, at + this.#partBytes - this.#size);
      this.#part.update(taken);
      this.#size += taken.length;
      at += taken.length;
    }
  }

  /** Of nothing it is one. */
  digests(): readonly string[] {
    this.#finish();
    return this.#done;
  }

  #finish(): void {
    this.#done.push(this.#part.digest('base64'));
    this.#part = createHash('md5');
    this.#size = 0;
  }
}
