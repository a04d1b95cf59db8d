/**
 * What a real EventStoreDB 24.2 was seen to answer, as the plain client has it: our server for tests has to answer the
 * same in `npm test`, and `npm run test:eventstoredb` asks a real one.
 */
import {
  EventStoreDBClient,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  streamNameFilter,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type AppendToStreamOptions,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newStream } from '../../../application/ports/event-store.contract.ts';
import type { EventFilter } from '../../../application/ports/event-store.ts';
import { EsdbConnection } from '../../event-store/eventstoredb/esdb-connection.ts';
import { filteredLogRequest } from '../../event-store/eventstoredb/esdb-read-request.ts';
import { serverUnderTest, type ServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;
let client: EventStoreDBClient;
/** for reads with a filter, which the client has none of */
let connection: EsdbConnection;
let stream: string;

beforeAll(async () => {
  server = await serverUnderTest();
  client = EventStoreDBClient.connectionString(server.url);
  connection = new EsdbConnection(server.url, 10_000);
});
beforeEach(() => {
  stream = newStream();
});
afterAll(async () => {
  connection.close();
  await client.dispose();
  await server.stop();
});

const noted = (number: number, id: string = crypto.randomUUID()) =>
  jsonEvent({ type: 'Noted', data: { number }, id });
const someNoted = (count: number) => Array.from({ length: count }, (_, number) => noted(number));
/** Credentials with the call are what makes the client append by one call. */
const unary: AppendToStreamOptions = { credentials: { username: 'admin', password: 'changeit' } };
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const event of events) list.push(event);
  return list;
}
const revisions = async (read: AsyncIterable<ResolvedEvent>) =>
  (await all(read)).map(({ event }) => Number(event?.revision));

/** The revisions of what a read with a filter finds. */
async function filtered(from: bigint, count: number, filter: EventFilter): Promise<number[]> {
  const messages = await all(connection.read(filteredLogRequest(from, count, filter)));
  return messages.map((message) => Number(message.getEvent()?.getEvent()?.getStreamRevision()));
}

describe.each([
  ['by one call', unary],
  ['by batches', {}],
] as const)('appending %s', (_how, how) => {
  test('the same ids at the same expectation, and at `any`: the first result', async () => {
    const events = someNoted(2);
    const first = await client.appendToStream(stream, events, { ...how, expectedRevision: 'no_stream' });
    await client.appendToStream(stream, noted(9), how);
    for (const expectedRevision of ['no_stream', 'any'] as const) {
      expect(await client.appendToStream(stream, events, { ...how, expectedRevision })).toEqual(first);
    }
    const later = await client.appendToStream(stream, someNoted(1), { ...how, expectedRevision: 2n });
    expect(later.nextExpectedRevision).toBe(3n);
  });

  test('the same ids at the revision that they ended at are written again, at another they are wrong', async () => {
    const events = someNoted(2);
    await client.appendToStream(stream, events, { ...how, expectedRevision: 'no_stream' });
    const again = await client.appendToStream(stream, events, { ...how, expectedRevision: 1n });
    expect(again.nextExpectedRevision).toBe(3n);
    expect(await revisions(client.readStream(stream))).toEqual([0, 1, 2, 3]);
    const earlier = client.appendToStream(stream, events, { ...how, expectedRevision: 0n });
    await expect(earlier).rejects.toBeInstanceOf(WrongExpectedVersionError);
  });

  test('the same ids at once: both the first result, or one is dropped, and sent again has the first result', async () => {
    const events = someNoted(1);
    const append = () =>
      client.appendToStream(stream, events, { ...how, expectedRevision: 'no_stream', deadline: 5_000 });
    const [one, other] = await Promise.allSettled([append(), append()]);
    const answers = [one, other].flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(answers.length).toBeGreaterThan(0);
    for (const each of [one, other]) {
      if (each.status === 'fulfilled') continue;
      if (how === unary) expect(String(each.reason)).toContain('Operation timed out: Commit phase timeout.');
      else expect(each.reason).toMatchObject({ type: 'deadline-exceeded' });
    }
    expect(await append()).toEqual(answers[0]);
    expect(await revisions(client.readStream(stream))).toEqual([0]);
  });

  test('10,000 small events are one append', async () => {
    const appended = await client.appendToStream(stream, someNoted(10_000), { ...how, deadline: 50_000 });
    expect(appended.nextExpectedRevision).toBe(9_999n);
  });

  test('more than the server takes at once', async () => {
    const data = 'x'.repeat(1_000_000);
    const events = Array.from({ length: 17 }, () => jsonEvent({ type: 'Noted', data }));
    const refused = await failure(client.appendToStream(stream, events, { ...how, deadline: 30_000 }));
    expect(refused).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(refused).toMatchObject({ maxAppendSize: 16_767_216 });
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });
});

test('one message that is too big: an error that says nothing of a size, and nothing is written', async () => {
  const huge = jsonEvent({ type: 'Noted', data: 'x'.repeat(16_800_000) });
  const refused = await failure(client.appendToStream(stream, huge, { ...unary, deadline: 30_000 }));
  expect(refused).toMatchObject({ type: 'unknown', code: 8 });
  expect(String(refused)).toContain('Received message exceeds the maximum configured message size.');
  await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
});

describe('streams that begin later', () => {
  beforeEach(() => client.appendToStream(stream, someNoted(6)));

  test.each([
    ['$maxCount', { $maxCount: 2 }, 4],
    ['$tb', { $tb: 3 }, 3],
  ])('%s', async (_name, metadata, first) => {
    await client.setStreamMetadata(stream, metadata);
    const shown = [3, 4, 5].filter((revision) => revision >= first);
    expect(await revisions(client.readStream(stream))).toEqual(shown);
    expect(await revisions(client.readStream(stream, { fromRevision: 0n, maxCount: 1 }))).toEqual([first]);
    const backwards = client.readStream(stream, { direction: 'backwards', fromRevision: 'end' });
    expect(await revisions(backwards)).toEqual(shown.toReversed());
    const before = client.readStream(stream, { direction: 'backwards', fromRevision: 1n });
    expect(await revisions(before)).toEqual([]);
    const wrong = await failure(
      client.appendToStream(stream, noted(9), { ...unary, expectedRevision: 'no_stream' }),
    );
    expect(wrong).toMatchObject({ actualVersion: 5n });
    const appended = await client.appendToStream(stream, noted(6), { ...unary, expectedRevision: 5n });
    expect(appended.nextExpectedRevision).toBe(6n);
  });

  test('all of it hidden: it is there, and empty', async () => {
    await client.setStreamMetadata(stream, { $tb: 6 });
    expect(await revisions(client.readStream(stream))).toEqual([]);
  });

  test.each(['no_stream', 5n] as const)(
    'deleted, it goes on where it was, at %s',
    async (expectedRevision) => {
      await client.deleteStream(stream);
      await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
      const existing = { ...unary, expectedRevision: 'stream_exists' } as const;
      const refused = client.appendToStream(stream, noted(9), existing);
      await expect(refused).rejects.toBeInstanceOf(StreamDeletedError);
      const appended = await client.appendToStream(stream, noted(6), { ...unary, expectedRevision });
      expect(appended.nextExpectedRevision).toBe(6n);
      expect(await revisions(client.readStream(stream))).toEqual([6]);
      expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ truncateBefore: 6 });
    },
  );

  test('deleted for good: every read and append is refused, the whole log still has its events', async () => {
    await client.tombstoneStream(stream);
    const read = await failure(all(client.readStream(stream)));
    expect(read).toBeInstanceOf(StreamDeletedError);
    expect(String(read)).toContain(`Event stream '${stream}' is deleted.`);
    for (const how of [unary, {}]) {
      for (const expectedRevision of ['any', 'no_stream', 'stream_exists', 5n] as const) {
        const append = client.appendToStream(stream, noted(9), { ...how, expectedRevision });
        await expect(append).rejects.toBeInstanceOf(StreamDeletedError);
      }
    }
    const found = await filtered(0n, 100, { streamPrefix: stream });
    expect(found.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('positions', () => {
  const place = async (offset: bigint) => {
    const { position } = await client.appendToStream(stream, [noted(0), noted(1)], unary);
    const commit = (position?.commit ?? 0n) + offset;
    return { commit, prepare: commit };
  };

  test('one that is no record is refused by a read', async () => {
    const fromPosition = await place(1n);
    await client.appendToStream(stream, noted(2), unary);
    const plain = await failure(all(client.readAll({ fromPosition, maxCount: 5 })));
    expect(String(plain)).toContain('Unexpected ReadAllResult: InvalidPosition');
    const some = await failure(filtered(fromPosition.commit, 5, { types: ['Noted'] }));
    expect(String(some)).toContain('Unexpected FilteredReadAllResult: InvalidPosition');
  });

  test('one beyond the end is the end', async () => {
    const fromPosition = await place(10n ** 12n);
    expect(await all(client.readAll({ fromPosition, maxCount: 5 }))).toEqual([]);
  });

  test('one that is no record is refused by a subscription', async () => {
    const fromPosition = await place(1n);
    await client.appendToStream(stream, noted(2), unary);
    const ended = await failure(all(client.subscribeToAll({ fromPosition })));
    expect(String(ended)).toContain('Trying to read from an invalid position.');
  });
});

test('a filtered read has as many events as were asked for', async () => {
  await client.appendToStream(stream, someNoted(20));
  expect(await filtered(0n, 7, { streamPrefix: stream })).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('a filtered subscription: checkpoints all the way, and one word that it is live', async () => {
  await client.appendToStream(stream, someNoted(640));
  const told = { checkpoints: 0, caughtUp: 0, events: 0 };
  const subscription = client.subscribeToAll({
    fromPosition: 'start',
    filter: {
      ...streamNameFilter({ prefixes: [`${stream}-live`], maxSearchWindow: 32, checkpointInterval: 5 }),
      checkpointReached: () => void (told.checkpoints += 1),
    },
  });
  subscription.on('caughtUp', () => void (told.caughtUp += 1));
  subscription.on('data', () => void (told.events += 1));
  await expect.poll(() => told.caughtUp, { timeout: 20_000 }).toBe(1);
  const onTheWay = told.checkpoints;
  expect(onTheWay).toBeGreaterThanOrEqual(640 / 32);
  await client.appendToStream(stream, someNoted(640));
  await expect.poll(() => told.checkpoints, { timeout: 20_000 }).toBeGreaterThan(onTheWay);
  await client.appendToStream(`${stream}-live`, noted(0));
  await expect.poll(() => told.events, { timeout: 20_000 }).toBe(1);
  expect(told.caughtUp).toBe(1);
  await subscription.unsubscribe();
});
