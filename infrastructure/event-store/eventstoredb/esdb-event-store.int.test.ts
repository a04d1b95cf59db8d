/** What holds on every EventStoreDB: on ours in `npm test`, on a real one in `npm run test:eventstoredb`. */
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  contractCatalogue,
  eventStoreContract,
  follow,
  newEvent,
  newEvents,
  newStream,
  readWhole,
} from '../../../application/ports/event-store.contract.ts';
import { StreamDeleted, StreamNotFound } from '../../../application/ports/event-store.ts';
import { EsdbEventStore } from './esdb-event-store.ts';
import { serverUnderTest, type ServerUnderTest } from '../../testing/esdb-server/server-under-test.ts';
import type { EventCatalogue } from '../codec/event-codec.ts';

let server: ServerUnderTest;
const stores: EsdbEventStore[] = [];

beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const newStore = (catalogue: EventCatalogue = contractCatalogue): EsdbEventStore => {
  const store = new EsdbEventStore({ url: server.url, catalogue, timeoutMs: 25_000 });
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

describe('streams that begin later, as an operator can make them with the tools of EventStoreDB', () => {
  let client: EventStoreDBClient;
  let stream: string;
  const events = newEvents(6);

  beforeAll(() => {
    client = EventStoreDBClient.connectionString(server.url);
  });
  beforeEach(async () => {
    stream = newStream();
    await newStore().append(stream, 'none', events);
  });
  afterEach(closeStores);
  afterAll(() => client.dispose());

  const shown = async () => (await newStore().readStream(stream)).map(({ revision }) => revision);
  const cuts = [
    ['$maxCount', { $maxCount: 2 }, [4, 5]],
    ['$tb', { $tb: 3 }, [3, 4, 5]],
    ['$tb, all of it', { $tb: 6 }, []],
    ['$tb, more than there is', { $tb: 8 }, []],
  ] as const;

  describe.each(cuts)('%s', (_name, metadata, revisions) => {
    beforeEach(() => client.setStreamMetadata(stream, metadata));

    test('it is read from where it begins', async () => {
      expect(await shown()).toEqual(revisions);
      const backward = await newStore().readStream(stream, { direction: 'backward' });
      expect(backward.map(({ revision }) => revision)).toEqual(revisions.toReversed());
    });

    test.each(['any', 'exists', 5] as const)('it goes on at %s', async (expected) => {
      // one who saw it whole, one who has read what it shows, one who knows nothing of it
      const [reader, stranger] = [newStore(), newStore()];
      await reader.readStream(stream);
      expect(await reader.append(stream, expected, newEvents(2))).toMatchObject({ revision: 7 });
      const next = expected === 5 ? 7 : expected;
      const more = newEvents(1);
      const appended = await stranger.append(stream, next, more);
      expect(appended).toMatchObject({ revision: 8 });
      expect(await newStore().append(stream, next, more)).toEqual(appended);
    });

    test.each(['none', 3, 9] as const)('a conflict tells the last revision: %s', async (expected) => {
      const conflict = { name: 'Conflict', expected, actual: 5 };
      await expect(newStore().append(stream, expected, newEvents(1))).rejects.toMatchObject(conflict);
    });

    test('the hashes are right', async () => {
      await newStore().append(stream, 'any', newEvents(1));
      expect((await newStore().verifyChain()).brokenAt).toBeNull();
    });
  });

  test('cut while somebody knows it: that one goes on, and has the first result for what is hidden', async () => {
    const store = newStore();
    await store.readStream(stream);
    await client.setStreamMetadata(stream, { $tb: 4 });
    expect(await store.append(stream, 'none', events)).toMatchObject({ revision: 5 });
    expect(await store.append(stream, 5, newEvents(1))).toMatchObject({ revision: 6 });
    expect(await shown()).toEqual([4, 5, 6]);
  });

  test.each(['none', 'any', 'known'] as const)(
    'deleted, it is begun anew behind its end: %s',
    async (how) => {
      const store = newStore();
      if (how === 'known') await store.readStream(stream);
      await client.deleteStream(stream);
      await expect(newStore().readStream(stream)).rejects.toBeInstanceOf(StreamNotFound);
      await expect(newStore().append(stream, 'exists', newEvents(1))).rejects.toMatchObject({
        actual: 'none',
      });
      const again = newEvents(2);
      const appended = await store.append(stream, how === 'known' ? 5 : how, again);
      expect(appended.revision).toBe(7);
      expect(await shown()).toEqual([6, 7]);
      expect(await store.append(stream, 7, newEvents(1))).toMatchObject({ revision: 8 });
      expect(await newStore().append(stream, 'any', newEvents(1))).toMatchObject({ revision: 9 });
      expect((await newStore().readStream(stream, { from: 7, to: 7 }))[0]?.position).toBe(appended.position);
      expect((await newStore().verifyChain()).brokenAt).toBeNull();
      // the same once more
      await client.deleteStream(stream);
      expect(await newStore().append(stream, 'none', newEvents(3))).toMatchObject({ revision: 12 });
      expect((await newStore().verifyChain()).brokenAt).toBeNull();
    },
  );

  test('deleted for good: an error of its own, for reads and every append', async () => {
    const position = (await newStore().readStream(stream)).at(-1)!.position;
    await client.tombstoneStream(stream);
    await expect(newStore().readStream(stream)).rejects.toBeInstanceOf(StreamDeleted);
    for (const expected of ['none', 'any', 'exists', 5] as const) {
      const refused = newStore().append(stream, expected, newEvents(1));
      await expect(refused).rejects.toBeInstanceOf(StreamDeleted);
      await expect(refused).rejects.toThrow(stream);
    }
    const read = await newStore().readAll({ after: 0n, limit: 10_000, filter: { streamPrefix: stream } });
    expect(read.events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(read.events.at(-1)?.position).toBe(position);
  });
});
