/** Followers at the end of the log: one read serves them all, and none misses, repeats or sees what its filter keeps out. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { contractCatalogue, newEvents, newStream } from '../../application/ports/event-store.contract.ts';
import type { EventBatch, EventFilter, Position } from '../../application/ports/event-store.ts';
import { Bell } from './bell.ts';
import { InMemoryEventStore } from './memory/in-memory-event-store.ts';
import { SharedTail } from './shared-tail.ts';
import { Subscriptions } from './subscription.ts';

const PATIENCE = { timeout: 10_000, interval: 5 };

function following(pollMs = 60_000) {
  const store = new InMemoryEventStore({ catalogue: contractCatalogue });
  const bell = new Bell();
  const readAll = vi.fn((range: Parameters<typeof store.readAll>[0]) => store.readAll(range));
  const subscriptions = new Subscriptions({ readAll, bell, pollMs, log: undefined });
  onTestFinished(() => subscriptions.close());
  const follow = (filter?: EventFilter, batchSize?: number) => {
    const seen: Position[] = [];
    const batches: EventBatch[] = [];
    const options = { name: 'test', after: 0n, ...(filter && { filter }), ...(batchSize && { batchSize }) };
    subscriptions.start(options, (batch) => {
      batches.push(batch);
      seen.push(...batch.events.map(({ position }) => position));
      return Promise.resolve();
    });
    return { seen, batches };
  };
  const append = async (stream: string, count: number) => {
    await store.append(stream, 'any', newEvents(count));
    bell.ring();
  };
  return { store, bell, readAll, follow, append };
}

const upTo = (last: number, from = 1): Position[] =>
  Array.from({ length: last - from + 1 }, (_, at) => BigInt(from + at));

test('many who have caught up cost one read for each ring', async () => {
  const { readAll, follow, append } = following();
  const followers = Array.from({ length: 12 }, () => follow());
  await vi.waitFor(() => expect(readAll).toHaveBeenCalledTimes(12), PATIENCE);
  await Promise.resolve();
  for (let nth = 1; nth <= 3; nth++) {
    await append(newStream(), 1);
    await vi.waitFor(() => {
      for (const { seen } of followers) expect(seen).toEqual(upTo(nth));
    }, PATIENCE);
  }
  expect(readAll).toHaveBeenCalledTimes(15);
});

test('each gets what its filter lets pass, in batches of its size, and knows how far that was', async () => {
  const { store, follow, append, readAll } = following();
  const [one, other] = [newStream(), newStream()];
  const [all, few, none] = [follow(), follow({ streamPrefix: one }, 3), follow({ types: ['Nothing'] })];
  await vi.waitFor(() => expect(readAll).toHaveBeenCalledTimes(3), PATIENCE);
  await append(other, 2);
  await append(one, 7);
  await append(other, 400);
  await vi.waitFor(() => expect(all.seen).toEqual(upTo(409)), PATIENCE);
  await vi.waitFor(() => expect(few.seen).toEqual(upTo(9, 3)), PATIENCE);
  expect(Math.max(...few.batches.map(({ events }) => events.length))).toBe(3);
  const head = await store.head();
  for (const { batches } of [few, none])
    await vi.waitFor(() => expect(batches.at(-1)?.position).toBe(head), PATIENCE);
  expect(none.seen).toEqual([]);
});

test('what was appended without a ring is seen by polling, also next to a read that is shared', async () => {
  const { store, readAll, follow, append } = following(20);
  const followers = [follow(), follow()];
  await append(newStream(), 1);
  await vi.waitFor(() => expect(readAll.mock.calls.length).toBeGreaterThan(4), PATIENCE);
  await store.append(newStream(), 'any', newEvents(2));
  for (const { seen } of followers) await vi.waitFor(() => expect(seen).toEqual(upTo(3)), PATIENCE);
});

test('a read that began before the last ring is nobody’s who heard it; one that failed is tried again', async () => {
  const first = Promise.withResolvers<EventBatch>();
  const batch = { events: [], unreadable: [], position: 5n };
  const readAll = vi.fn(() => (readAll.mock.calls.length === 1 ? first.promise : Promise.resolve(batch)));
  const tail = new SharedTail(readAll);
  const failing = [tail.read(1n, 1, 10, undefined), tail.read(1n, 1, 10, undefined)];
  expect(readAll).toHaveBeenCalledTimes(1);
  expect((await tail.read(1n, 2, 10, undefined)).batch.position).toBe(5n);
  expect(readAll).toHaveBeenCalledTimes(2);
  first.reject(new Error('away'));
  for (const one of failing) await expect(one).rejects.toThrow('away');
  // the newer one is still good
  await tail.read(1n, 2, 10, undefined);
  expect(readAll).toHaveBeenCalledTimes(2);
});
