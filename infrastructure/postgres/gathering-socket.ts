import { Socket } from 'node:net';

/**
 * What is written in one turn of the event loop goes out in one piece: of a pipeline's statements, each would be a call of
 * the kernel's here, and wake whoever reads it there.
 */
export class GatheringSocket extends Socket {
  #gathers = false;

  /** The driver corks for every statement that it has parameters for. */
  override cork(): void {
    super.cork();
    if (this.#gathers) return;
    this.#gathers = true;
    super.cork();
    process.nextTick(() => {
      this.#gathers = false;
      this.uncork();
    });
  }
}
