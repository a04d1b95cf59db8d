/** What holds on every EventStoreDB: on ours in `npm test`, on a real one in `npm run test:eventstoredb`. */
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  contractCatalogue,
  eventStoreContract,
  follow,
  newEvent,
  newEvents,
  newStream,
  readWhole,
} from '../../application/ports/event-store.contract.ts';
import { EsdbEventStore } from './esdb-event-store.ts';
import { serverUnderTest, type ServerUnderTest } from './esdb-server/server-under-test.ts';
import type { EventCatalogue } from './event-codec.ts';

let server: ServerUnderTest;
const stores: EsdbEventStore[] = [];

beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const newStore = (catalogue: EventCatalogue = contractCatalogue): EsdbEventStore => {
  const store = new EsdbEventStore({ url: server.url, catalogue });
  stores.push(store);
  return store;
};
const closeStores = async (): Promise<void> => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
};

eventStoreContract('the log in EventStoreDB', () =>
  Promise.resolve({ store: newStore(), another: newStore, close: closeStores }),
);

describe('the log in EventStoreDB', () => {
  afterEach(closeStores);

  test('it says what it cannot do', () => {
    expect(newStore().capabilities).toEqual({
      densePositions: false,
      hashChain: false,
      idsAcrossStreams: false,
    });
  });

  test.each(['none', 'any', 'exists', 1] as const)(
    'one who knows nothing of a stream appends at %s like one who does',
    async (expected) => {
      const stream = newStream();
      if (expected !== 'none') await newStore().append(stream, 'none', newEvents(2));
      const events = newEvents(2);
      const appended = await newStore().append(stream, expected, events);
      expect(appended.revision).toBe(expected === 'none' ? 1 : 3);
      expect(await newStore().append(stream, expected, events)).toEqual(appended);
      const stored = await newStore().readStream(stream);
      expect(stored.at(-1)?.position).toBe(appended.position);
      await expect(newStore().append(stream, 0, newEvents(1))).rejects.toMatchObject({
        name: 'Conflict',
        actual: appended.revision,
      });
    },
  );

  test('what was appended is read back at once, by everybody', async () => {
    const [writer, reader] = [newStore(), newStore()];
    const before = await reader.head();
    const stream = newStream();
    for (let round = 0; round < 20; round++) {
      const { position, revision } = await writer.append(stream, 'any', newEvents(1));
      expect(await reader.head()).toBeGreaterThanOrEqual(position);
      expect((await reader.readStream(stream)).at(-1)?.revision).toBe(revision);
      const batch = await reader.readAll({ after: before, limit: 100, filter: { streamPrefix: stream } });
      expect(batch.events.at(-1)?.position).toBe(position);
    }
  });

  test('B28 what eight writers wrote is replayed whole, each event once', async () => {
    const writers = Array.from({ length: 8 }, () => newStore());
    const before = await newStore().head();
    const shared = newStream();
    await Promise.all(
      writers.flatMap((store) =>
        Array.from({ length: 20 }, (_, index) =>
          store.append(index % 2 === 0 ? shared : newStream(), 'any', newEvents(1 + (index % 2))),
        ),
      ),
    );
    const replayed = await readWhole(newStore(), before, 50);
    expect(replayed).toHaveLength(8 * 30);
    expect(new Set(replayed.map(({ id }) => id)).size).toBe(8 * 30);
    expect(replayed.filter(({ stream }) => stream === shared).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 80 }, (_, index) => index),
    );
  });

  test('events of the system, also in a stream of ours, reach no reader', async () => {
    const store = newStore();
    const before = await store.head();
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    const client = EventStoreDBClient.connectionString(server.url);
    const link = () => binaryEvent({ type: '$>', data: Buffer.from(`0@${stream}`) });
    await client.appendToStream(stream, link());
    await client.appendToStream(`$launchdb-${stream}`, [
      link(),
      binaryEvent({ type: 'Noted', data: Buffer.from('x') }),
    ]);
    await client.dispose();
    const head = await store.head();
    for (const filter of [undefined, { types: ['Noted', '$>'] }, { streamPrefix: stream }]) {
      const batch = await store.readAll({ after: before, limit: 10, ...(filter && { filter }) });
      expect(batch.events.map(({ revision }) => revision)).toEqual([0]);
      expect(batch.position).toBeGreaterThanOrEqual(head);
    }
    expect(await store.readStream(stream)).toHaveLength(1);
    const followed = await follow(store, { after: before }, (_, position) => position >= head);
    expect(followed.events).toHaveLength(1);
  });

  test('a page of big events ends before it gets too big for memory', async () => {
    const store = newStore();
    const before = await store.head();
    const stream = newStream();
    const big = 'x'.repeat(1_900_000);
    for (let round = 0; round < 6; round++) await store.append(stream, 'any', [newEvent(big), newEvent(big)]);
    const first = await store.readAll({ after: before, limit: 100 });
    expect(first.events.length).toBeLessThan(12);
    expect(first.position).toBe(first.events.at(-1)?.position);
    expect(await readWhole(store, before)).toHaveLength(12);
  });
});
