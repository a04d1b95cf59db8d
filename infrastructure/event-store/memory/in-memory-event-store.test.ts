import { expect, test } from 'vitest';
import {
  contractCatalogue,
  eventStoreContract,
  newEvents,
  newStream,
} from '../../../application/ports/event-store.contract.ts';
import type { EventCatalogue, EventRecord } from '../codec/event-codec.ts';
import { InMemoryEventStore, InMemoryLog } from './in-memory-event-store.ts';

eventStoreContract('the log in memory', () => {
  const held = new InMemoryLog();
  const stores: InMemoryEventStore[] = [];
  const another = (catalogue: EventCatalogue = contractCatalogue) => {
    const store = new InMemoryEventStore({ catalogue, held });
    stores.push(store);
    return store;
  };
  return Promise.resolve({
    store: another(),
    another,
    async close() {
      await Promise.all(stores.map((store) => store.close()));
    },
  });
});

test('A19 a changed and a missing record are found', async () => {
  const held = new InMemoryLog();
  const store = new InMemoryEventStore({ catalogue: contractCatalogue, held });
  await store.append(newStream(), 'none', newEvents(5));
  const original = [...held.records];
  const brokenAt = async (records: EventRecord[]) => {
    held.records.splice(0, Infinity, ...records);
    return (await store.verifyChain()).brokenAt;
  };
  expect(await brokenAt(original.with(2, { ...original[2]!, data: '{}' }))).toBe(3n);
  expect(await brokenAt(original.with(2, { ...original[2]!, recordedAt: new Date(0) }))).toBe(3n);
  expect(await brokenAt(original.toSpliced(1, 1))).toBe(2n);
  expect(await brokenAt(original)).toBeNull();
});

test('an event that was read cannot change the log', async () => {
  const store = new InMemoryEventStore({ catalogue: contractCatalogue });
  const stream = newStream();
  await store.append(stream, 'none', newEvents(1));
  const [read] = await store.readStream(stream);
  (read!.data as { number: number }).number = 99;
  expect((await store.readStream(stream))[0]?.data).toEqual({ number: 0 });
});
