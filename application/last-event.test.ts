import { expect, test } from 'vitest';
import { InMemoryEventStore } from '../infrastructure/event-store/memory/in-memory-event-store.ts';
import { lastEvent } from './last-event.ts';
import { contractCatalogue, newEvents } from './ports/event-store.contract.ts';

const second = (at: number) => new Date(at * 1000);

/** Events at second 10, 20, 30 ... */
async function storeOf(count: number) {
  let at = 0;
  let reads = 0;
  const store = new InMemoryEventStore({ catalogue: contractCatalogue, now: () => second(at) });
  for (const event of newEvents(count)) {
    at += 10;
    await store.append('test-1', 'any', [event]);
  }
  const counted: Pick<InMemoryEventStore, 'readStream'> = {
    readStream: (...given) => {
      reads++;
      return store.readStream(...given);
    },
  };
  const revisionAt = async (time?: Date) => (await lastEvent(counted, 'test-1', time))[0]?.revision;
  return { revisionAt, reads: () => reads };
}

test.each([1, 2, 3, 8, 9])('the last of %d events by any time', async (count) => {
  const { revisionAt } = await storeOf(count);
  expect(await revisionAt()).toBe(count - 1);
  expect(await revisionAt(second(9))).toBeUndefined();
  for (let nth = 1; nth <= count; nth++) {
    expect(await revisionAt(second(10 * nth))).toBe(nth - 1);
    expect(await revisionAt(second(10 * nth + 9))).toBe(nth - 1);
    expect(await revisionAt(new Date(10_000 * nth - 1))).toBe(nth === 1 ? undefined : nth - 2);
  }
});

test('a stream that nobody has begun has none', async () => {
  const { revisionAt } = await storeOf(0);
  expect(await revisionAt()).toBeUndefined();
  expect(await revisionAt(second(1))).toBeUndefined();
});

test('a long stream costs few reads', async () => {
  const { revisionAt, reads } = await storeOf(1_000);
  expect(await revisionAt(second(5_001))).toBe(499);
  expect(reads()).toBeLessThan(13);
});
