/** Verification of the whole log, once for all who ask at the same time: it reads every event. */
import type { EventStore, StoredEvent } from './ports/event-store.ts';

export interface Verification {
  /** events whose hash was found right, from the first one on */
  readonly verified: bigint;
  /** null: the log is as it was written */
  readonly firstAltered: { readonly position: bigint; readonly event: StoredEvent | undefined } | null;
}

export class LogVerification {
  readonly #store: EventStore;
  #running: Promise<Verification> | undefined;

  constructor(store: EventStore) {
    this.#store = store;
  }

  verify(onProgress?: (verified: bigint) => void): Promise<Verification> {
    this.#running ??= this.#verify(onProgress).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #verify(onProgress?: (verified: bigint) => void): Promise<Verification> {
    const { verified, brokenAt } = await this.#store.verifyChain(onProgress && { onProgress });
    if (brokenAt === null) return { verified, firstAltered: null };
    return { verified, firstAltered: { position: brokenAt, event: await this.#eventAt(brokenAt) } };
  }

  /** As it stands there now, if it still can be read; an event that was taken out leaves nothing. */
  async #eventAt(position: bigint): Promise<StoredEvent | undefined> {
    try {
      const { events } = await this.#store.readAll({ after: position - 1n, limit: 1 });
      return events.find((event) => event.position === position);
    } catch {
      return undefined;
    }
  }
}
