/**
 * Lets many callers of one process wait for news of a stream through a single subscription: long requests
 * (`Prefer: wait`) and event streams (SSE) cost no connection and no polling each.
 */
import type { EventStore, StoredEvent, Subscription } from './ports/event-store.ts';

export class StreamWatch {
  readonly #store: EventStore;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<(events: readonly StoredEvent[]) => void>();
  #subscription: Subscription | undefined;

  constructor(store: EventStore) {
    this.#store = store;
  }

  async start(): Promise<void> {
    const after = await this.#store.head();
    this.#subscription = this.#store.subscribe({ name: 'stream-watch', after }, (batch) => {
      for (const { stream } of batch.events) this.#wake(stream);
      for (const heard of this.#listeners) heard(batch.events);
      return Promise.resolve();
    });
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    for (const stream of this.#waiting.keys()) this.#wake(stream);
  }

  /** Tells of every event of the log from now on, in order. @returns ends it */
  listen(heard: (events: readonly StoredEvent[]) => void): () => void {
    this.#listeners.add(heard);
    return () => void this.#listeners.delete(heard);
  }

  /**
   * Asks `look` now and after each event of the stream until it gives something.
   * @returns undefined when the signal aborts first
   */
  async until<T>(
    stream: string,
    look: () => Promise<T | undefined>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    while (!signal.aborted) {
      // listen first, look then: an event in between wakes us
      const news = this.#news(stream, signal);
      const found = await look();
      if (found !== undefined) {
        news.cancel();
        return found;
      }
      await news.arrived;
    }
    return undefined;
  }

  #news(stream: string, signal: AbortSignal): { arrived: Promise<void>; cancel: () => void } {
    const waiters = this.#waiting.get(stream) ?? new Set();
    this.#waiting.set(stream, waiters);
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const finish = () => {
      waiters.delete(finish);
      if (waiters.size === 0 && this.#waiting.get(stream) === waiters) this.#waiting.delete(stream);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    waiters.add(finish);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
    return { arrived, cancel: finish };
  }

  #wake(stream: string): void {
    for (const finish of this.#waiting.get(stream) ?? []) finish();
  }
}
