/**
 * Whoever has caught up with the log stands at its end, as all the others do: they share one read of what is new there,
 * and each takes out of it what its filter lets pass.
 */
import type { EventBatch, EventFilter, EventStore, Position } from '../../application/ports/event-store.ts';

/** of everybody's; whoever is further behind reads for themselves */
const PAGE = 200;
const KEPT = 4;

interface Page {
  /** of the bell, when the read began */
  readonly rings: number;
  readonly batch: Promise<EventBatch>;
}

export interface TailRead {
  readonly batch: EventBatch;
  /** as long as nothing rings there is nothing beyond it */
  readonly whole: boolean;
}

export class SharedTail {
  readonly #readAll: EventStore['readAll'];
  readonly #pages = new Map<Position, Page>();

  constructor(readAll: EventStore['readAll']) {
    this.#readAll = readAll;
  }

  /** @param rings of the bell, now: a read that began before the last of them may have missed something */
  async read(
    after: Position,
    rings: number,
    limit: number,
    filter: EventFilter | undefined,
  ): Promise<TailRead> {
    const batch = await this.#page(after, rings);
    const found = filtered(batch, filter);
    const isWhole = batch.events.length + batch.unreadable.length < PAGE;
    if (found.events.length <= limit) return { batch: found, whole: isWhole };
    const events = found.events.slice(0, limit);
    const position = events.at(-1)?.position ?? after;
    const unreadable = found.unreadable.filter((one) => one.position <= position);
    return { batch: { events, unreadable, position }, whole: false };
  }

  #page(after: Position, rings: number): Promise<EventBatch> {
    const known = this.#pages.get(after);
    if (known && known.rings >= rings) return known.batch;
    const page = { rings, batch: this.#readAll({ after, limit: PAGE }) };
    this.#pages.delete(after);
    this.#pages.set(after, page);
    for (const oldest of [...this.#pages.keys()].slice(0, -KEPT)) this.#pages.delete(oldest);
    page.batch.catch(() => {
      if (this.#pages.get(after) === page) this.#pages.delete(after);
    });
    return page.batch;
  }
}

function filtered(batch: EventBatch, { types, streamPrefix }: EventFilter = {}): EventBatch {
  const passes = ({ type, stream }: { readonly type: string; readonly stream: string }) =>
    (types?.includes(type) ?? true) && (streamPrefix === undefined || stream.startsWith(streamPrefix));
  return {
    events: batch.events.filter(passes),
    unreadable: batch.unreadable.filter(passes),
    position: batch.position,
  };
}
