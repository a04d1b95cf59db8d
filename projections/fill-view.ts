/** Reads the log into a view: all of it from the beginning, or the part that it is behind. */
import type { ViewProgress } from '../application/background/watched-views.ts';
import type pg from 'pg';
import type { EventBatch, EventFilter, EventStore, Position } from '../application/ports/event-store.ts';
import { applyOrPark, enter, writeBatch } from './parking.ts';
import type { Projection, Target } from './projection.ts';

export interface FillOptions {
  readonly onProgress?: (progress: ViewProgress) => void;
  /** ends the rebuild between two batches; the live view stays */
  readonly signal?: AbortSignal;
  /** events read and written at once; default 5000 */
  readonly batchSize?: number;
}

/** How many events of the view, and how far it came. */
export interface Filled {
  readonly events: number;
  readonly position: Position;
}

export type Log = Pick<EventStore, 'readAll' | 'head'>;

/** The more at once, the less often is a row that many events touch read and written again. */
const DEFAULT_BATCH_SIZE = 5_000;

/** From the beginning to the head of the log, in many transactions. */
export async function fill(
  store: Log,
  client: pg.ClientBase,
  next: Target,
  { onProgress, signal, batchSize: limit = DEFAULT_BATCH_SIZE }: FillOptions,
  startedAt: number,
): Promise<Filled> {
  const read = reader(store, { limit, ...filterOf(next.projection) });
  let events = 0;
  let page = read(0n);
  let ahead = after(page, read);
  for (;;) {
    signal?.throwIfAborted();
    const { batch, head, isLast } = await page;
    [page, ahead] = [ahead, after(ahead, read)];
    if (batch.events.length + batch.unreadable.length > 0) {
      await writeBatch(client, next, batch, () => withoutWaiting(client));
    }
    events += batch.events.length;
    onProgress?.(progressOf({ events, position: batch.position }, head, startedAt));
    if (isLast) return { events, position: batch.position };
  }
}

interface Page {
  readonly batch: EventBatch;
  readonly head: Position;
  readonly isLast: boolean;
}

const reader =
  (store: Log, options: { readonly limit: number; readonly filter?: EventFilter }) =>
  async (from: Position): Promise<Page> => {
    const [head, batch] = await Promise.all([store.head(), store.readAll({ after: from, ...options })]);
    return { batch, head, isLast: batch.position === from || batch.position >= head };
  };

/**
 * While a page is written, the two after it are read: the log is never waited for, and no more than three are in memory.
 * What a read throws is met where its page is awaited, if it ever is.
 */
function after(page: Promise<Page>, read: (position: Position) => Promise<Page>): Promise<Page> {
  const coming = page.then((known) => (known.isLast ? known : read(known.batch.position)));
  coming.catch(() => {});
  return coming;
}

/** The transaction does not wait for the disk: the copy counts from the switch on, whose commit does. */
async function withoutWaiting(client: pg.ClientBase): Promise<true> {
  await client.query('SET LOCAL synchronous_commit TO off');
  return true;
}

/** @returns the number of events, and how far it came: a log restored from a backup may end before `to` */
export async function catchUp(
  store: Log,
  tx: pg.ClientBase,
  target: Target,
  from: Position,
  to: Position,
): Promise<Filled> {
  await enter(tx, target);
  let count = 0;
  let position = from;
  while (position < to) {
    const options = { after: position, limit: DEFAULT_BATCH_SIZE, ...filterOf(target.projection) };
    const batch = await store.readAll(options);
    if (batch.position === position) break;
    const upTo = (event: { readonly position: Position }) => event.position <= to;
    const wanted = { events: batch.events.filter(upTo), unreadable: batch.unreadable.filter(upTo) };
    await applyOrPark(tx, target, wanted);
    count += wanted.events.length;
    position = batch.position < to ? batch.position : to;
  }
  return { events: count, position };
}

export function progressOf({ events, position }: Filled, head: Position, startedAt: number): ViewProgress {
  const elapsedMs = performance.now() - startedAt;
  const done = Number(position);
  const total = Math.max(Number(head), done);
  const ratePerSecond = elapsedMs > 0 ? (events / elapsedMs) * 1000 : 0;
  const secondsLeft = done === total ? 0 : done > 0 ? ((total - done) * elapsedMs) / done / 1000 : null;
  return { doing: 'reading', done, total, events, ratePerSecond, secondsLeft };
}

const filterOf = ({ filter }: Projection) => filter && { filter };
