/** Our EventStoreDB for tests under the real client: that it answers as the real server does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import {
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  streamNameFilter,
  StreamNotFoundError,
  UnavailableError,
  WrongExpectedVersionError,
  type AllStreamResolvedEvent,
  type AppendToStreamOptions,
  type Filter,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EsdbServer } from './esdb-server.ts';

let server: EsdbServer;
let client: EventStoreDBClient;

beforeEach(async () => {
  server = await EsdbServer.started();
  client = EventStoreDBClient.connectionString(server.url);
});
afterEach(async () => {
  await client.dispose();
  await server.stop();
});

const noted = (number: number, id?: string) =>
  jsonEvent({ type: 'Noted', data: { number }, ...(id && { id }) });
/** Credentials with the call are what makes the client append by one call. */
const unary: AppendToStreamOptions = { credentials: { username: 'admin', password: 'changeit' } };

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const numbers = (events: readonly (ResolvedEvent | AllStreamResolvedEvent)[]) =>
  events.map(({ event }) => (event?.data as { number?: number } | undefined)?.number);

describe.each([
  ['by one call', unary],
  ['by batches', {}],
] as const)('appending %s', (_how, how) => {
  test('a new stream, an expected revision, whatever there is', async () => {
    const first = await client.appendToStream('s', [noted(0), noted(1)], {
      ...how,
      expectedRevision: 'no_stream',
    });
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n });
    await client.appendToStream('s', noted(2), { ...how, expectedRevision: 1n });
    await client.appendToStream('s', noted(3), { ...how, expectedRevision: 'stream_exists' });
    await client.appendToStream('s', noted(4), { ...how, expectedRevision: 'any' });
    const events = await all(client.readStream('s'));
    expect(numbers(events)).toEqual([0, 1, 2, 3, 4]);
    expect(events[1]?.event?.position).toEqual(first.position);
    expect(server.calls).toMatchObject(
      how === unary ? { append: 4, batchAppend: 0 } : { append: 0, batchAppend: 4 },
    );
  });

  test('a wrong expectation, with the revision that there is', async () => {
    const attempt = (expectedRevision: bigint | 'no_stream' | 'stream_exists', stream = 's') =>
      client.appendToStream(stream, noted(9), { ...how, expectedRevision }).catch((error: unknown) => error);
    await client.appendToStream('s', [noted(0), noted(1)], how);
    for (const expected of [0n, 2n, 'no_stream'] as const) {
      const error = await attempt(expected);
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ actualVersion: 1n });
    }
    expect(await attempt('stream_exists', 'none')).toMatchObject({ actualVersion: 'no_stream' });
    expect(await attempt(0n, 'none')).toMatchObject({ actualVersion: 'no_stream' });
    expect(await all(client.readStream('s'))).toHaveLength(2);
  });

  test('the same ids are the same write, whatever they hold; some of them are not', async () => {
    const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
    const first = await client.appendToStream('s', [noted(0, a), noted(1, b)], how);
    await client.appendToStream('s', noted(2), how);
    for (const expectedRevision of ['any', 'stream_exists', 'no_stream'] as const) {
      const again = client.appendToStream('s', [noted(7, a), noted(8, b)], { ...how, expectedRevision });
      expect(await again).toEqual(first);
    }
    const part = client.appendToStream('s', [noted(0, a), noted(9)], {
      ...how,
      expectedRevision: 'no_stream',
    });
    await expect(part).rejects.toBeInstanceOf(WrongExpectedVersionError);
    const moved = client.appendToStream('s', [noted(0, a)], { ...how, expectedRevision: 2n });
    expect(await moved).toMatchObject({ nextExpectedRevision: 3n });
    // `any` knows only what was written lately
    server.log.forgetRecent();
    expect(await client.appendToStream('s', noted(0, b), how)).toMatchObject({ nextExpectedRevision: 4n });
  });
});

describe('reading', () => {
  beforeEach(async () => {
    for (let number = 0; number < 6; number++) await client.appendToStream('s', noted(number), unary);
  });

  test('a stream, in both directions, from anywhere', async () => {
    const read = async (options: Parameters<EventStoreDBClient['readStream']>[1]) =>
      numbers(await all(client.readStream('s', options)));
    expect(await read({ fromRevision: 2n, maxCount: 2 })).toEqual([2, 3]);
    expect(await read({ fromRevision: 6n })).toEqual([]);
    expect(await read({ direction: 'backwards', fromRevision: 'end', maxCount: 2 })).toEqual([5, 4]);
    expect(await read({ direction: 'backwards', fromRevision: 1n })).toEqual([1, 0]);
    expect(await read({ direction: 'backwards', fromRevision: 99n, maxCount: 1 })).toEqual([5]);
    await expect(all(client.readStream('none'))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  test('the log, with gaps between positions and events of the system in between', async () => {
    const forward = await all(client.readAll());
    const positions = forward.map(({ event }) => event!.position.commit);
    expect(positions).toEqual(positions.toSorted((a, b) => Number(a - b)));
    expect(new Set(positions).size).toBe(positions.length);
    expect(forward.map(({ event }) => event!.streamId)).toContain('$stats-127.0.0.1:2113');
    const backward = await all(client.readAll({ direction: 'backwards', fromPosition: 'end' }));
    expect(backward.map(({ event }) => event!.position.commit)).toEqual(positions.toReversed());
    const { position } = forward[3]!.event!;
    const rest = await all(client.readAll({ fromPosition: position, maxCount: 2 }));
    expect(rest.map(({ event }) => event!.position.commit)).toEqual(positions.slice(3, 5));
    const before = await all(client.readAll({ direction: 'backwards', fromPosition: position, maxCount: 1 }));
    expect(before.map(({ event }) => event!.position.commit)).toEqual(positions.slice(2, 3));
  });
});

describe('subscribing', () => {
  /** What a subscription tells until it has told of so many events. */
  async function followed(count: number, fromPosition: Position | 'start' | 'end', filter?: Filter) {
    const told: (number | string | undefined)[] = [];
    const seen: bigint[] = [];
    const checkpointReached = (_subscription: unknown, position: Position) => {
      told.push('checkpoint');
      seen.push(position.commit);
    };
    const subscription = client.subscribeToAll({
      fromPosition,
      ...(filter && { filter: { ...filter, checkpointReached } }),
    });
    subscription.on('caughtUp', () => {
      told.push('caught up');
      if (count === 0) void subscription.unsubscribe();
    });
    let events = 0;
    for await (const { event } of subscription) {
      seen.push(event!.position.commit);
      told.push((event!.data as { number?: number }).number ?? event!.type);
      if ((events += 1) === count) break;
    }
    return { told, seen };
  }

  test('from the start, from a position, from the end; then live', async () => {
    const { position } = await client.appendToStream('s', noted(0), unary);
    await client.appendToStream('s', noted(1), unary);
    const whole = await followed(server.log.events.length, 'start');
    expect(whole.seen).toEqual(server.log.events.map((event) => event.position));
    const later = server.log.events.filter((event) => event.position > position!.commit);
    expect((await followed(later.length, position!)).seen).toEqual(later.map((event) => event.position));
    const live = followed(1, 'end', streamNameFilter({ prefixes: ['s'] }));
    await client.appendToStream('s', noted(2), unary);
    await client.appendToStream('s', noted(3), unary);
    expect((await live).told.filter((each) => typeof each === 'number')).toHaveLength(1);
  });

  test('filters by stream and by type, and says how far it has looked', async () => {
    for (let number = 0; number < 4; number++) {
      await client.appendToStream(number % 2 ? 'odd' : 'even', noted(number), unary);
    }
    const window = { maxSearchWindow: 2, checkpointInterval: 1 };
    const odd = await followed(2, 'start', streamNameFilter({ prefixes: ['od'], ...window }));
    expect(odd.told.filter((each) => typeof each === 'number')).toEqual([1, 3]);
    expect(odd.told).toContain('checkpoint');
    expect(odd.seen).toEqual(odd.seen.toSorted((a, b) => Number(a - b)));
    const typed = await followed(4, 'start', eventTypeFilter({ regex: '^Noted$', ...window }));
    expect(typed.told.filter((each) => typeof each === 'number')).toEqual([0, 1, 2, 3]);
    const none = await followed(0, 'start', eventTypeFilter({ prefixes: ['Invented'], ...window }));
    expect(none.told.at(-1)).toBe('caught up');
    expect(none.told).toContain('checkpoint');
  });
});

describe('the server', () => {
  test('is found by its gossip, and names the leader when it is not that', async () => {
    const leader = await EsdbServer.started({ log: server.log });
    server.faults.leader = { host: '127.0.0.1', port: leader.port };
    const discovering = EventStoreDBClient.connectionString(server.url.replace('esdb:', 'esdb+discover:'));
    await discovering.appendToStream('s', noted(0), unary);
    expect([server.calls.append, leader.calls.append]).toEqual([0, 1]);
    const refused = client.appendToStream('s', noted(1), { ...unary, requiresLeader: true });
    await expect(refused).rejects.toMatchObject({ leader: { address: '127.0.0.1', port: leader.port } });
    expect(await client.appendToStream('s', noted(1), unary)).toMatchObject({ nextExpectedRevision: 1n });
    await discovering.dispose();
    await leader.stop();
  });

  test('starts again on its port with its data', async () => {
    await client.appendToStream('s', noted(0), unary);
    const { port } = server;
    await server.stop();
    await expect(client.appendToStream('s', noted(1), unary)).rejects.toBeInstanceOf(UnavailableError);
    await server.start();
    expect(server.port).toBe(port);
    const other = EventStoreDBClient.connectionString(server.url);
    expect(numbers(await all(other.readStream('s')))).toEqual([0]);
    await other.dispose();
  });

  test('runs as a program of its own, until it is told to stop', async () => {
    const script = new URL('run-esdb-server.ts', import.meta.url).pathname;
    const program = spawn(process.execPath, [script, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(program.stdout), 'line')) as [string];
    expect(line).toMatch(/^ready esdb:\/\/127\.0\.0\.1:\d+\?tls=false$/);
    const outside = EventStoreDBClient.connectionString(line.slice('ready '.length));
    await outside.appendToStream('s', noted(0), unary);
    await outside.dispose();
    program.kill('SIGTERM');
    expect(await once(program, 'exit')).toEqual([0, null]);
  });
});
