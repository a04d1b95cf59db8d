/** Nobody goes on with an upload while others do: who wants to know how far it is has them stop, since they may be gone. */
import type { Locker } from '@tus/server';
import { within } from '../../application/background/deadline.ts';

interface Holder {
  /** it is told that others wait, and has a moment to come to an end */
  readonly letGo: () => void;
  readonly gone: Promise<void>;
  readonly leave: () => void;
}

const WAIT_MS = 10_000;

/** As the library wants to be told. */
class UploadLocked extends Error {
  readonly status_code = 423;
  readonly body = 'Others go on with this upload at the moment';
}

export class UploadLocks {
  readonly #holders = new Map<string, Holder>();
  readonly #waitMs: number;

  constructor(waitMs = WAIT_MS) {
    this.#waitMs = waitMs;
  }

  /** @param place whose they are @param asks whether whoever holds one is asked to let it go */
  of(place: string, { asks }: { readonly asks: boolean }): Locker {
    return {
      newLock: (id) => {
        const name = `${place}/${id}`;
        let mine: Holder | undefined;
        return {
          lock: async (_signal, letGo) => {
            mine = await this.#take(name, asks, () => void letGo());
          },
          unlock: () => {
            // once: after that it is another's
            mine?.leave();
            mine = undefined;
            return Promise.resolve();
          },
        };
      },
    };
  }

  async #take(name: string, asks: boolean, letGo: () => void): Promise<Holder> {
    const until = performance.now() + this.#waitMs;
    for (let other = this.#holders.get(name); other; other = this.#holders.get(name)) {
      if (asks) other.letGo();
      await within(Math.max(0, until - performance.now()), other.gone, () => {
        throw new UploadLocked();
      });
    }
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const leave = () => {
      this.#holders.delete(name);
      resolve();
    };
    const mine = { letGo, gone, leave };
    this.#holders.set(name, mine);
    return mine;
  }
}
