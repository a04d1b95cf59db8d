/** Whether the log is as it was written: the whole of it, once for all who ask at the same time, and one event of it. */
import { Rejection } from '../domain/rejection.ts';
import { readOrEmpty } from './handle.ts';
import {
  UnknownEventVersion,
  type EventCheck,
  type EventPlace,
  type EventStore,
  type StoredEvent,
} from './ports/event-store.ts';

export interface Verification {
  /** events whose hash was found right, from the first one on */
  readonly verified: bigint;
  /** null: the log is as it was written */
  readonly firstAltered: { readonly position: bigint; readonly event: StoredEvent | undefined } | null;
}

export class LogVerification {
  readonly #store: EventStore;
  readonly #furthestSeen: () => Promise<bigint>;
  #running: Promise<Verification> | undefined;

  /**
   * @param furthestSeen how far somebody has come who keeps their own account of it, as the views do: a log whose end
   * was cut off is shorter than that, and nothing else tells
   */
  constructor(store: EventStore, furthestSeen: () => Promise<bigint>) {
    this.#store = store;
    this.#furthestSeen = furthestSeen;
  }

  verify(onProgress?: (verified: bigint) => void): Promise<Verification> {
    this.#running ??= this.#verify(onProgress).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #verify(onProgress?: (verified: bigint) => void): Promise<Verification> {
    const seen = await this.#furthestSeen();
    const { verified, brokenAt } = await this.#store.verifyChain(onProgress && { onProgress });
    if (brokenAt === null) {
      const cutOff = seen > (await this.#store.head());
      return { verified, firstAltered: cutOff ? { position: verified + 1n, event: undefined } : null };
    }
    const event = await this.#eventAt(brokenAt, verified);
    return { verified, firstAltered: { position: brokenAt, event } };
  }

  /** As it stands there now, if it still can be read; an event that was taken out leaves nothing. */
  async #eventAt(position: bigint, before: bigint): Promise<StoredEvent | undefined> {
    try {
      const { events } = await this.#store.readAll({ after: before, limit: 1 });
      return events.find((event) => event.position === position);
    } catch {
      return undefined;
    }
  }
}

/** An event as somebody has copied it from the log. */
type Copied = EventPlace & { readonly eventId: string; readonly hash: string };

/**
 * One event as it stands in the log now. Whoever changed it there, and all hashes after it, but not the copy, is found out
 * by the copy's hash.
 * @returns `event` undefined: it is gone, or changed so that this release cannot read it
 */
export async function checkEvent(
  store: EventStore,
  copied: Copied,
): Promise<{ readonly event: StoredEvent | undefined; readonly state: EventCheck }> {
  const state = await store.verifyEvent(copied);
  if (state === 'missing') return { event: undefined, state };
  const { stream, revision, eventId, hash } = copied;
  const [event] = await readOrEmpty(store, stream, { from: revision, to: revision }).catch(unreadable);
  const isSame = event?.id === eventId && event.hash === hash;
  return { event, state: isSame ? state : 'altered' };
}

function unreadable(error: unknown): readonly StoredEvent[] {
  if (error instanceof UnknownEventVersion) return [];
  throw error;
}

export const entryNotFound = (): Rejection =>
  new Rejection('audit/entry-not-found', 'There is no such entry.');
