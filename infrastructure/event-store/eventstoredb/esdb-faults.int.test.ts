/** The adapter against a server that can be broken: what a real one does on a bad day. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogVerification } from '../../../application/audit-log.ts';
import { Unavailable } from '../../../application/errors.ts';
import {
  contractCatalogue,
  follow,
  newEvent,
  newEvents,
  newStream,
  readWhole,
} from '../../../application/ports/event-store.contract.ts';
import {
  Conflict,
  EventIdReused,
  InvalidAppend,
  MAX_APPEND_BYTES,
  OutcomeUnknown,
  UnknownEventVersion,
} from '../../../application/ports/event-store.ts';
import { EsdbEventStore, type EsdbEventStoreOptions } from './esdb-event-store.ts';
import { EsdbLog, type LoggedEvent } from '../../testing/esdb-server/esdb-log.ts';
import { EsdbServer, type EsdbServerOptions } from '../../testing/esdb-server/esdb-server.ts';

const servers: EsdbServer[] = [];
const stores: EsdbEventStore[] = [];
let server: EsdbServer;

async function startServer(options: EsdbServerOptions = {}): Promise<EsdbServer> {
  const started = await EsdbServer.started({ maxAppendBytes: MAX_APPEND_BYTES, ...options });
  servers.push(started);
  return started;
}

function storeOn(url: string = server.url, options: Partial<EsdbEventStoreOptions> = {}): EsdbEventStore {
  const store = new EsdbEventStore({ url, catalogue: contractCatalogue, pollMs: 50, ...options });
  stores.push(store);
  return store;
}

/** How many appends arrived, by the call that they share or by calls of their own. */
const appendsOf = ({ calls }: EsdbServer) => calls.append + calls.batchAppend;

/** A store that has heard the leader, so that its appends share a call. */
async function heardStoreOn(...options: Parameters<typeof storeOn>): Promise<EsdbEventStore> {
  const store = storeOn(...options);
  await store.head();
  return store;
}

/** To so many streams at once. */
const appendAtOnce = (store: EsdbEventStore, count: number) =>
  Promise.allSettled(Array.from({ length: count }, () => store.append(newStream(), 'none', newEvents(2))));

/** Warnings of a store, by their message. */
function listeningLog() {
  const warnings: string[] = [];
  return {
    warnings,
    debug() {},
    info() {},
    error() {},
    warn: (_: object, text: string) => void warnings.push(text),
  };
}

beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const each of servers)
    Object.assign(each.faults, { hang: false, silent: false, dropAppends: undefined });
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(servers.splice(0).map((each) => each.stop()));
});

describe('appending', () => {
  test('a normal append is one message of the shared call', async () => {
    const store = await heardStoreOn();
    const stream = newStream();
    const calls = async (append: () => Promise<unknown>) => {
      const { read, batchAppend } = server.calls;
      await append();
      return [server.calls.batchAppend - batchAppend, server.calls.read - read];
    };
    expect(await calls(() => store.append(stream, 'none', newEvents(2)))).toEqual([1, 0]);
    expect(await calls(() => store.append(stream, 1, newEvents(2)))).toEqual([1, 0]);
    expect(await calls(() => store.append(stream, 'any', newEvents(1)))).toEqual([1, 0]);
    expect(await calls(() => store.append(stream, 'exists', newEvents(1)))).toEqual([1, 0]);
    // as a command does: read the stream, append at the revision that was read
    const other = storeOn();
    await other.readStream(stream);
    expect(await calls(() => other.append(stream, 5, newEvents(1)))).toEqual([1, 0]);
    // one that knows nothing of the stream has to look
    const stranger = await heardStoreOn();
    expect(await calls(() => stranger.append(stream, 6, newEvents(1)))).toEqual([1, 1]);
    expect(server.calls.append).toBe(0);
  });

  test('A4 a conflict tells the revision also to one who knew better before', async () => {
    const [store, other] = [storeOn(), storeOn()];
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    await other.append(stream, 0, newEvents(3));
    const conflict = store.append(stream, 0, newEvents(1));
    await expect(conflict).rejects.toMatchObject({ name: 'Conflict', expected: 0, actual: 3 });
    await expect(store.append(stream, 9, newEvents(1))).rejects.toMatchObject({ actual: 3 });
  });

  test('of a stream that has grown meanwhile only the end is read', async () => {
    const [store, other] = [storeOn(), storeOn()];
    const stream = newStream();
    await store.append(stream, 'none', newEvents(100));
    await other.append(stream, 99, newEvents(3));
    server.sent = 0;
    await store.append(stream, 'any', newEvents(1));
    expect(server.sent).toBe(3);
    // of another the wanted revision only, and the head when it is asked for
    await other.readStream(stream, { from: 2, to: 2 });
    expect(server.sent).toBe(4);
    await other.head();
    expect(server.sent).toBe(5);
  });

  test('what the server can leave out is not sent', async () => {
    const store = storeOn();
    for (let round = 0; round < 10; round++) await store.append(newStream(), 'none', newEvents(5));
    for (const [filter, count] of [
      [undefined, 50],
      [{ types: ['Counted'] }, 0],
      [{ streamPrefix: 'nobody-' }, 0],
    ] as const) {
      server.sent = 0;
      const { events } = await store.readAll({ after: 0n, limit: 100, ...(filter && { filter }) });
      expect(events).toHaveLength(count);
      // and the head; links in streams that are not the system's are sent without a filter
      const links = filter ? 0 : (server.log.stream('links-of-somebody')?.length ?? 0);
      expect(server.sent).toBe(count + links + 1);
    }
  });

  test("A6 appends at `any` of one process are not in each other's way", async () => {
    const store = storeOn();
    const stream = newStream();
    await Promise.all(Array.from({ length: 20 }, () => store.append(stream, 'any', newEvents(1))));
    expect(appendsOf(server)).toBe(20);
  });

  test('A6 `any` from many processes at once', async () => {
    const many = Array.from({ length: 5 }, () => storeOn());
    const stream = newStream();
    const appended = await Promise.all(
      many.flatMap((store) => Array.from({ length: 8 }, () => store.append(stream, 'any', newEvents(1)))),
    );
    const revisions = appended.map(({ revision }) => revision).sort((a, b) => a - b);
    expect(revisions).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  test('A10 the server has forgotten which ids were written lately: the same ids give the first result', async () => {
    const stream = newStream();
    const events = newEvents(2);
    const first = await storeOn().append(stream, 'any', events);
    await storeOn().append(stream, 'any', newEvents(2));
    await server.stop();
    await server.start();
    await vi.waitFor(() => storeOn().head(), 30_000);
    for (const expected of ['any', 'exists', 'none'] as const) {
      expect(await storeOn().append(stream, expected, events)).toEqual(first);
    }
    expect(await storeOn().readStream(stream)).toHaveLength(4);
  });

  test.each(['none', 'any', 'exists', 1] as const)(
    'A11 the same id with other content is found at %s, by one who knows the stream and by one who does not',
    async (expected) => {
      const store = storeOn();
      const stream = newStream();
      if (expected !== 'none') await store.append(stream, 'none', newEvents(2));
      const event = newEvent('first');
      await store.append(stream, expected, [event]);
      for (const again of [store, storeOn()]) {
        const changed = again.append(stream, expected, [{ ...event, data: 'second' }]);
        await expect(changed).rejects.toBeInstanceOf(EventIdReused);
      }
      expect((await store.readStream(stream)).at(-1)?.data).toBe('first');
    },
  );

  test('A11 two processes write the same id with different content at once: one of them learns of it', async () => {
    for (let round = 0; round < 10; round++) {
      const event = newEvent();
      const stream = newStream();
      const outcomes = await Promise.allSettled(
        [1, 2].map((data) => storeOn().append(stream, 'none', [{ ...event, data }])),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = outcomes.find((outcome) => outcome.status === 'rejected');
      expect(refused?.reason).toBeInstanceOf(EventIdReused);
    }
  });

  test('the metadata of the first append stays when it is repeated', async () => {
    const store = storeOn();
    const stream = newStream();
    const event = newEvent();
    const first = await store.append(stream, 'none', [event]);
    const metadata = { ...event.metadata, correlationId: 'another attempt' };
    for (const again of [store, storeOn()]) {
      expect(await again.append(stream, 'none', [{ ...event, metadata }])).toEqual(first);
    }
    expect((await store.readStream(stream))[0]?.metadata).toEqual(event.metadata);
  });

  test('a repetition that is told no position has the first one', async () => {
    server.faults.repeatsHaveNoPosition = true;
    const stream = newStream();
    const events = newEvents(3);
    const first = await storeOn().append(stream, 'none', events);
    expect(await storeOn().append(stream, 'none', events)).toEqual(first);
  });

  test('a log that was put back to an earlier state: what the process remembers of it does no harm', async () => {
    const store = storeOn();
    const stream = newStream();
    const events = newEvents(3);
    await store.append(stream, 'none', events);
    await server.stop();
    const restored = await startServer({ port: server.port });
    await vi.waitFor(() => store.head(), 30_000);
    await expect(store.append(stream, 2, newEvents(1))).rejects.toMatchObject({
      name: 'Conflict',
      actual: 'none',
    });
    expect(await store.append(stream, 'none', events)).toMatchObject({ revision: 2 });
    expect(await store.append(stream, 'any', newEvents(1))).toMatchObject({ revision: 3 });
    expect(restored.log.stream(stream)).toHaveLength(4);
  });

  test('what the server does not take at once is refused', async () => {
    const small = await startServer({ maxAppendBytes: 10_000 });
    const store = storeOn(small.url);
    await expect(store.append(newStream(), 'none', [newEvent('x'.repeat(10_000))])).rejects.toBeInstanceOf(
      InvalidAppend,
    );
    await store.append(newStream(), 'none', newEvents(1));
  });

  test('a server that takes less than an append may have says how it is to be set; nothing is written', async () => {
    const { length } = server.log.events;
    const patient = { timeoutMs: 25_000 };
    expect(await storeOn(server.url, patient).server.shortcoming()).toBeUndefined();
    expect(server.log.events).toHaveLength(length);
    const less = await startServer({ maxAppendBytes: 16_700_000 });
    expect(await storeOn(less.url, patient).server.shortcoming()).toBe(
      'EventStoreDB takes 16700000 bytes at once, and an append may have 16767216: start it with ' +
        '--max-append-size 16767216 (EVENTSTORE_MAX_APPEND_SIZE; it takes no more than that)',
    );
    await less.stop();
    await expect(storeOn(less.url).server.shortcoming()).rejects.toBeInstanceOf(Unavailable);
  });
});

describe('appends that the server drops', () => {
  /** Ids that are being written are dropped for so long, as by a server whose disk is slow. */
  beforeEach(async () => {
    await server.stop();
    server = await startServer({ commitTimeoutMs: 100 });
    server.log.indexingMs = 150;
  });

  test('A10 the same append at once, by one process: one call', async () => {
    const store = storeOn();
    for (const expected of ['none', 'any', 'exists', 2] as const) {
      const stream = newStream();
      if (typeof expected === 'number' || expected === 'exists') {
        await store.append(stream, 'none', newEvents(3));
      }
      const events = newEvents(2);
      const before = appendsOf(server);
      const again = events.map((event) => ({ ...event, metadata: { ...event.metadata, reason: 'again' } }));
      const appends = [events, again, events].map((each) => store.append(stream, expected, each));
      const [first, ...others] = await Promise.all(appends);
      expect(others).toEqual([first, first]);
      expect(appendsOf(server)).toBe(before + 1);
    }
  });

  test('A11 the same ids at once with other content are not the same append', async () => {
    const [store, stream, event] = [storeOn(), newStream(), newEvent(1)];
    const outcomes = await Promise.allSettled(
      [1, 2].map((data) => store.append(stream, 'none', [{ ...event, data }])),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { name: 'EventIdReused' } });
  });

  test.each(['none', 'any', 2] as const)(
    'A10 by two processes at %s: it is sent again until it is settled, and written once',
    async (expected) => {
      const stream = newStream();
      if (expected === 2) await storeOn().append(stream, 'none', newEvents(3));
      const events = newEvents(2);
      const [first, second] = [storeOn(), storeOn()];
      await Promise.all([first.head(), second.head()]);
      const before = appendsOf(server);
      const both = await Promise.all([first, second].map((each) => each.append(stream, expected, events)));
      expect(both[0]).toEqual(both[1]);
      expect(appendsOf(server)).toBeGreaterThan(before + 2);
      expect(server.log.stream(stream)).toHaveLength(expected === 2 ? 5 : 2);
    },
  );

  test('A20 sent again too soon after its connection died', async () => {
    const [store, stream, events] = [storeOn(), newStream(), newEvents(1)];
    await store.head();
    server.log.indexingMs = 400;
    server.faults.dropAppends = 'after';
    await expect(store.append(stream, 'none', events)).rejects.toBeInstanceOf(OutcomeUnknown);
    server.faults.dropAppends = undefined;
    const { revision } = await vi.waitFor(() => storeOn().append(stream, 'none', events), 30_000);
    expect(revision).toBe(0);
    expect(server.log.stream(stream)).toHaveLength(1);
  });

  test('somebody else was quicker meanwhile: a conflict, or behind it, and never twice', async () => {
    const [store, other, stream] = [storeOn(), storeOn(), newStream()];
    const events = newEvents(1);
    const written = store.append(stream, 'none', events);
    await vi.waitFor(() => expect(server.log.stream(stream)).toHaveLength(1), { interval: 1 });
    const again = other.append(stream, 'any', events);
    await storeOn().append(stream, 0, newEvents(1));
    expect(await again).toEqual(await written);
    expect(server.log.stream(stream)).toHaveLength(2);
  });

  test('a server that is never done: outcome unknown when the time for the call is over, and not before', async () => {
    server.log.indexingMs = 60_000;
    const [stream, events] = [newStream(), newEvents(1)];
    const first = Promise.allSettled([storeOn().append(stream, 'none', events)]);
    await vi.waitFor(() => expect(server.log.stream(stream)).toHaveLength(1), { interval: 1 });
    const before = appendsOf(server);
    const startedAt = performance.now();
    const second = storeOn(server.url, { timeoutMs: 1_500 }).append(stream, 'none', events);
    await expect(second).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(appendsOf(server)).toBeGreaterThan(before + 1);
    server.dropConnections();
    await first;
  });
});

test('a repetition whose event is gone from the log is no failure', async () => {
  const [store, stream] = [storeOn(), newStream()];
  const events = newEvents(2);
  const { revision } = await store.append(stream, 'none', events);
  await store.append(stream, 1, newEvents(1));
  for (const event of server.log.stream(stream)!.slice(0, 2)) server.log.tamper(event, 'remove');
  server.log.write(`$$${stream}`, 'any', [
    {
      id: randomUUID(),
      type: '$metadata',
      contentType: 'application/json',
      data: Buffer.from('{"$tb":2}'),
      metadata: Buffer.alloc(0),
    },
  ]);
  const head = await store.head();
  expect(await store.append(stream, 'none', events)).toEqual({ revision, position: head });
  // by one who does not know it, it is the server that finds the ids
  const stranger = await storeOn().append(stream, 'none', events);
  expect(stranger.revision).toBe(revision);
  expect(stranger.position).toBeGreaterThanOrEqual(head);
});

test('a read with a filter is over when it has what was asked for, whatever the server looks on for', async () => {
  const store = storeOn();
  const stream = newStream();
  await store.append(stream, 'none', newEvents(3));
  await store.append(newStream(), 'none', newEvents(2));
  for (let round = 0; round < 5; round++) {
    await store.append(
      newStream(),
      'none',
      newEvents(100).map((event) => ({ ...event, type: 'Counted' })),
    );
  }
  server.faults.slowReadsMs = 1;
  server.scanned = 0;
  const filter = { types: ['Noted'], streamPrefix: 'nobody-' };
  const batch = await store.readAll({ after: 0n, limit: 4, filter });
  expect(batch.events).toEqual([]);
  expect(batch.position).toBeLessThan(await store.head());
  expect(server.scanned).toBeLessThan(100);
});

test('a server that is not ready yet is unavailable, for reads and appends; then all goes on', async () => {
  const slow = await startServer({ startsForMs: 60_000 });
  const store = storeOn(slow.url);
  const events = newEvents(2);
  const following = follow(store, { after: 0n }, (seen) => seen.length === 2);
  const stream = newStream();
  await store.append(stream, 'none', [events[0]!]);
  await slow.stop();
  await slow.start();
  await expect(storeOn(slow.url).append(stream, 0, newEvents(1))).rejects.toBeInstanceOf(Unavailable);
  await expect(storeOn(slow.url).head()).rejects.toBeInstanceOf(Unavailable);
  slow.ready = true;
  await vi.waitFor(() => store.append(stream, 0, [events[1]!]), 30_000);
  expect((await following).events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
});

describe('the call that appends share', () => {
  test.each([undefined, 'before', 'after'] as const)(
    'each of many at once has the answer that is its own, when the call fails (%s) too',
    async (moment) => {
      const store = await heardStoreOn();
      server.faults.failBatches = moment;
      const streams = Array.from({ length: 64 }, newStream);
      // every fourth expects an event that is not there
      const outcomes = await Promise.allSettled(
        streams.map((stream, nth) => store.append(stream, nth % 4 ? 'none' : 7, newEvents(2))),
      );
      const positions = outcomes.map((outcome, nth) => {
        if (nth % 4 === 0) {
          expect(outcome).toMatchObject({ reason: { name: 'Conflict', expected: 7, actual: 'none' } });
          return undefined;
        }
        expect(outcome).toMatchObject({ status: 'fulfilled', value: { revision: 1 } });
        return outcome.status === 'fulfilled' ? outcome.value.position : undefined;
      });
      for (const [nth, stream] of streams.entries()) {
        const written = server.log.stream(stream) ?? [];
        expect(written).toHaveLength(nth % 4 ? 2 : 0);
        expect(written.at(-1)?.position).toBe(positions[nth]);
      }
      expect(server.calls.append > 0).toBe(moment !== undefined);
      server.faults.failBatches = undefined;
      const alone = server.calls.append;
      await store.append(newStream(), 'none', newEvents(1));
      expect(server.calls.append).toBe(alone);
    },
  );

  test('one that is too big for the server fails alone', async () => {
    const small = await startServer({ maxAppendBytes: 10_000 });
    const store = await heardStoreOn(small.url);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_, nth) =>
        store.append(newStream(), 'none', [newEvent('x'.repeat(nth === 5 ? 10_000 : 10))]),
      ),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(outcomes[5]).toMatchObject({ reason: { name: 'InvalidAppend' } });
    expect(small.calls).toMatchObject({ append: 0, batchAppend: 16 });
  });

  test('a big append has a call of its own', async () => {
    const store = await heardStoreOn();
    await store.append(newStream(), 'none', [newEvent('x'.repeat(300_000))]);
    expect(server.calls).toMatchObject({ append: 1, batchAppend: 0 });
  });

  test('one that is not answered in time: those after it go by another call', async () => {
    const store = await heardStoreOn(server.url, { timeoutMs: 300 });
    const stream = newStream();
    server.faults.hang = true;
    await expect(store.append(stream, 'none', newEvents(1))).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(server.batchCalls).toBe(1);
    server.faults.hang = false;
    await Promise.all([newStream(), newStream()].map((other) => store.append(other, 'none', newEvents(1))));
    expect(server.batchCalls).toBe(2);
    expect(server.log.stream(stream)).toBeUndefined();
  });

  test('of an append that the call has lost nobody says that it was not written', async () => {
    const store = storeOn();
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    server.faults.failBatches = 'after';
    // what it is asked again by is not looked at
    server.faults.notHandled = 'Server Is Not Ready';
    const events = newEvents(1);
    await expect(store.append(stream, 0, events)).rejects.toBeInstanceOf(OutcomeUnknown);
    Object.assign(server.faults, { failBatches: undefined, notHandled: undefined });
    expect(await store.append(stream, 0, events)).toMatchObject({ revision: 1 });
    expect(server.log.stream(stream)).toHaveLength(2);
  });
});

describe('connections that fail', () => {
  test.each(['before', 'after'] as const)(
    'A20 the connection dies %s the append is written: outcome unknown, the same ids settle it',
    async (moment) => {
      const store = storeOn();
      const stream = newStream();
      await store.append(stream, 'none', newEvents(1));
      const attempts: [string, 'none' | 'any' | number, ReturnType<typeof newEvents>][] = [
        [stream, 0, newEvents(2)],
        [newStream(), 'none', newEvents(1)],
        [newStream(), 'any', newEvents(1)],
      ];
      const append = () => attempts.map(([name, expected, events]) => store.append(name, expected, events));
      server.faults.dropAppends = moment;
      for (const outcome of await Promise.allSettled(append())) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'OutcomeUnknown' } });
      }
      server.faults.dropAppends = undefined;
      const settled = await vi.waitFor(() => Promise.all(append()), 30_000);
      expect(settled.map(({ revision }) => revision)).toEqual([2, 0, 0]);
      expect(await Promise.all(append())).toEqual(settled);
      expect(await store.readStream(stream)).toHaveLength(3);
    },
  );

  test('A20 an append that was lost and overtaken is a conflict, one that was not is the first result', async () => {
    const [store, other] = [storeOn(), storeOn()];
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    const [lost, written] = [newEvents(1), newEvents(1)];
    server.faults.dropAppends = 'before';
    await expect(store.append(stream, 0, lost)).rejects.toBeInstanceOf(OutcomeUnknown);
    server.faults.dropAppends = 'after';
    const appended = vi.waitFor(
      () => expect(store.append(stream, 0, written)).rejects.toBeInstanceOf(OutcomeUnknown),
      30_000,
    );
    await appended;
    server.faults.dropAppends = undefined;
    await vi.waitFor(() => other.append(stream, 'any', newEvents(2)), 30_000);
    await expect(store.append(stream, 0, lost)).rejects.toMatchObject({ name: 'Conflict', actual: 3 });
    expect(await store.append(stream, 0, written)).toMatchObject({ revision: 1 });
  });

  test('an append to another server that is under way does not notice', async () => {
    const slow = await startServer();
    slow.faults.hang = true;
    const stream = newStream();
    const pending = storeOn(slow.url, { timeoutMs: 1_500 }).append(stream, 'none', newEvents(1));
    const outcome = Promise.allSettled([pending]);
    server.faults.dropAppends = 'before';
    await expect(storeOn().append(stream, 'none', newEvents(1))).rejects.toBeInstanceOf(OutcomeUnknown);
    const first = await Promise.race([outcome, sleep(500, 'still under way')]);
    expect(first).toBe('still under way');
    await outcome;
  });

  test('a server that answers nothing: outcome unknown for an append, unavailable for a read, in time', async () => {
    const store = storeOn(server.url, { timeoutMs: 200 });
    server.faults.hang = true;
    await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(OutcomeUnknown);
    await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
    await expect(store.readStream(newStream())).rejects.toBeInstanceOf(Unavailable);
    await expect(store.readAll({ after: 0n, limit: 5 })).rejects.toBeInstanceOf(Unavailable);
    server.faults.hang = false;
    await store.append(newStream(), 'none', newEvents(1));
  });

  test('a server that is not there: unavailable, for it is certain that nothing was written', async () => {
    await server.stop();
    for (const url of [server.url, server.url.replace('esdb:', 'esdb+discover:')]) {
      const store = storeOn(`${url}&maxDiscoverAttempts=2&discoveryInterval=10`);
      await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
      await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
    }
  });

  test.each(['Server Is Not Ready', 'Server Is Too Busy', 'No leader info available in response'] as const)(
    'an append that the server did not look at is unavailable, by a call of its own and by the shared one: %s',
    async (answer) => {
      for (const store of [storeOn(), await heardStoreOn()]) {
        server.faults.notHandled = answer;
        for (const outcome of await appendAtOnce(store, 16)) {
          expect(outcome).toMatchObject({ reason: { name: 'Unavailable' } });
        }
        server.faults.notHandled = undefined;
        await store.append(newStream(), 'none', newEvents(1));
      }
      expect(server.calls.batchAppend).toBeGreaterThan(3);
    },
  );

  // the client rejects then where nobody listens, which would end the process
  test('a call that fails while the leader is looked for in vain', async () => {
    const url = server.url.replace('esdb:', 'esdb+discover:');
    const store = storeOn(`${url}&maxDiscoverAttempts=3&discoveryInterval=100`);
    await store.append(newStream(), 'none', newEvents(1));
    server.faults.hang = true;
    const pending = store.readStream(newStream()).catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.calls.read).toBe(1), { timeout: 30_000 });
    Object.assign(server.faults, { hang: false, noMembers: true, notHandled: 'Server Is Not Ready' });
    await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    const looking = store.head().catch((error: unknown) => error);
    await sleep(50);
    server.dropConnections();
    expect(await pending).toBeInstanceOf(Unavailable);
    expect(await looking).toBeInstanceOf(Unavailable);
  });

  test('a cluster that says nothing when it is asked for its leader: unavailable, in time', async () => {
    const blackHole = createServer(() => {});
    blackHole.listen(0, '127.0.0.1');
    await once(blackHole, 'listening');
    const { port } = blackHole.address() as AddressInfo;
    const url = `esdb+discover://127.0.0.1:${port}?tls=false&gossipTimeout=3&maxDiscoverAttempts=1`;
    const store = storeOn(url, { timeoutMs: 200 });
    const started = performance.now();
    await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
    await store.close();
    expect(performance.now() - started).toBeLessThan(2_500);
    blackHole.close();
  });

  test('B34 the server restarts: appends and subscriptions go on', async () => {
    const log = listeningLog();
    const store = storeOn(server.url, { log });
    const events = [newEvent(1), newEvent(2), newEvent(3)];
    const following = follow(store, { after: 0n }, (seen) => seen.length === 3);
    await store.append(newStream(), 'none', [events[0]!]);
    await server.stop();
    await vi.waitFor(() => expect(log.warnings).toContain('a subscription cannot read the log'), 30_000);
    await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    await server.start();
    await vi.waitFor(() => store.append(newStream(), 'none', [events[1]!]), 30_000);
    await vi.waitFor(() => store.append(newStream(), 'none', [events[2]!]), 30_000);
    expect((await following).events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test.each(['esdb:', 'esdb+discover:'])(
    'B34 restarts without end while others write, %s',
    async (scheme) => {
      const url = server.url.replace('esdb:', scheme);
      const store = storeOn(url);
      const writer = storeOn(`${url}&maxDiscoverAttempts=2&discoveryInterval=10`);
      const events = newEvents(60);
      const following = follow(store, { after: 0n, batchSize: 7 }, (seen) => seen.length >= 60);
      const stream = newStream();
      const restarted = server;
      let written = 0;
      const restarting = (async () => {
        // on a slow machine not before something got through, and never beyond this test
        for (let before = -1, left = 20; left > 0 && written < events.length && stores.length > 0;) {
          await sleep(60);
          if (written === before) continue;
          before = written;
          left -= 1;
          await restarted.stop();
          await restarted.start();
        }
      })();
      for (const event of events) {
        await vi.waitFor(() => writer.append(stream, 'any', [event]), { timeout: 30_000, interval: 20 });
        written += 1;
      }
      await restarting;
      expect((await following).events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    },
  );
});

describe('subscriptions', () => {
  test('an event is delivered when EventStoreDB tells of it, long before the poll', async () => {
    const store = storeOn(server.url, { pollMs: 60_000 });
    const following = follow(store, { after: 0n }, (seen) => seen.length === 1);
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    await sleep(50);
    await storeOn().append(newStream(), 'none', newEvents(1));
    expect((await following).events).toHaveLength(1);
  });

  test('B35 a silent subscription: polling delivers, and it is made anew', async () => {
    const log = listeningLog();
    const store = storeOn(server.url, { pollMs: 20, log });
    const writer = storeOn();
    const first = follow(store, { after: 0n }, (seen) => seen.length === 2);
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    server.faults.silent = true;
    await writer.append(newStream(), 'none', newEvents(2));
    expect((await first).events).toHaveLength(2);
    const second = follow(store, { after: 0n }, (seen) => seen.length === 4);
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(2), 30_000);
    expect(log.warnings).toContain('the log cannot be listened to; polling');
    await writer.append(newStream(), 'none', newEvents(1));
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(3), 30_000);
    server.faults.silent = false;
    await writer.append(newStream(), 'none', newEvents(1));
    expect((await second).events).toHaveLength(4);
  });

  test('B35 a subscription that tells what there is is left alone', async () => {
    const store = storeOn(server.url, { pollMs: 10 });
    const subscription = store.subscribe({ name: 'well', after: 0n }, () => Promise.resolve());
    for (let round = 0; round < 8; round++) {
      await store.append(newStream(), 'none', newEvents(1));
      await sleep(150);
    }
    expect(server.calls.subscribe).toBe(1);
    await subscription.stop();
  });

  test('B35 one that was confirmed once and now is not is made anew, also when nothing is appended', async () => {
    const store = storeOn(server.url, { pollMs: 20 });
    await store.append(newStream(), 'none', newEvents(1));
    const subscription = store.subscribe({ name: 'again', after: 0n }, () => Promise.resolve());
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    await sleep(100);
    server.faults.unconfirmed = true;
    server.dropConnections();
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(2), 30_000);
    server.faults.unconfirmed = false;
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(3), 30_000);
    await subscription.stop();
  });

  test('what was appended while there was no subscription is delivered when there is one again', async () => {
    const store = storeOn(server.url, { pollMs: 60_000 });
    const following = follow(store, { after: 0n }, (seen) => seen.length === 1);
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    await sleep(100);
    server.dropConnections();
    const event = newEvents(1);
    const stream = newStream();
    await vi.waitFor(() => storeOn().append(stream, 'none', event), { timeout: 30_000, interval: 5 });
    expect((await following).events.map(({ id }) => id)).toEqual([event[0]!.id]);
  });

  test('B35 a subscription that is never confirmed is made anew', async () => {
    server.faults.unconfirmed = true;
    const store = storeOn(server.url, { pollMs: 20 });
    const writer = storeOn();
    const following = follow(store, { after: 0n }, (seen) => seen.length === 2);
    await writer.append(newStream(), 'none', newEvents(1));
    await vi.waitFor(() => expect(server.calls.subscribe).toBeGreaterThan(1), 30_000);
    server.faults.unconfirmed = false;
    await writer.append(newStream(), 'none', newEvents(1));
    expect((await following).events).toHaveLength(2);
  });

  test('B35 a subscription that ends is made anew', async () => {
    const store = storeOn(server.url, { pollMs: 60_000 });
    const following = follow(store, { after: 0n }, (seen) => seen.length === 1);
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    server.dropConnections();
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(2), 30_000);
    await storeOn().append(newStream(), 'none', newEvents(1));
    expect((await following).events).toHaveLength(1);
  });

  test('B36 while a handler is slow nothing is read ahead', async () => {
    const writer = storeOn();
    for (let round = 0; round < 5; round++) await writer.append(newStream(), 'none', newEvents(200));
    const store = storeOn(server.url, { pollMs: 10 });
    const gate = Promise.withResolvers<void>();
    const sizes: number[] = [];
    const subscription = store.subscribe({ name: 'slow', after: 0n, batchSize: 100 }, async (batch) => {
      sizes.push(batch.events.length);
      await gate.promise;
    });
    await vi.waitFor(() => expect(sizes).toEqual([100]), { timeout: 30_000 });
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    await sleep(100);
    const { read } = server.calls;
    await sleep(200);
    expect(server.calls.read).toBe(read);
    gate.resolve();
    await vi.waitFor(() => expect(sizes.reduce((sum, size) => sum + size)).toBe(1000), 30_000);
    await subscription.stop();
  });

  test('B31 a filter that the server does not get through with: the position advances all the same', async () => {
    const store = storeOn(server.url, { timeoutMs: 1_500 });
    const stream = newStream();
    await storeOn().append(stream, 'none', newEvents(50));
    await storeOn().append(stream, 49, [newEvent('wanted', 'Counted')]);
    const head = await store.head();
    server.faults.hangFilteredReads = true;
    const batch = await store.readAll({ after: 0n, limit: 10, filter: { types: ['Counted'] } });
    expect(batch.events.map(({ data }) => data)).toEqual(['wanted']);
    expect(batch.position).toBe(head);
    const page = await store.readAll({ after: 0n, limit: 10 });
    expect(page.events).toHaveLength(10);
    expect(page.position).toBe(page.events.at(-1)?.position);
  });
});

test('a read that stops in the middle: the page ends there, a stream is unavailable', async () => {
  const store = storeOn(server.url, { timeoutMs: 1_500 });
  const stream = newStream();
  await storeOn().append(stream, 'none', newEvents(10));
  server.faults.stallReadsAfter = 4;
  const page = await store.readAll({ after: 0n, limit: 100 });
  expect(page.events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
  expect(page.position).toBe(page.events.at(-1)?.position);
  await expect(store.readStream(stream)).rejects.toBeInstanceOf(Unavailable);
  server.faults.stallReadsAfter = undefined;
  expect(await readWhole(store, 0n)).toHaveLength(10);
});

test('a read that is slow as a whole is waited for as long as something comes', async () => {
  const store = storeOn(server.url, { timeoutMs: 1_500 });
  const stream = newStream();
  await storeOn().append(stream, 'none', newEvents(10));
  server.faults.slowReadsMs = 200;
  expect(await store.readStream(stream)).toHaveLength(10);
});

describe('a cluster', () => {
  let leader: EsdbServer;
  beforeEach(async () => {
    // the server of each test follows; both have the same log
    leader = await startServer({ log: server.log });
    server.faults.leader = { host: '127.0.0.1', port: leader.port };
  });

  test('everything is asked of the leader, whoever was asked first', async () => {
    const store = storeOn(server.url);
    const stream = newStream();
    await store.append(stream, 'none', newEvents(2));
    for (const read of [
      () => store.readStream(stream),
      () => store.head(),
      () => store.readAll({ after: 0n, limit: 9 }),
      () => follow(store, { after: 0n }, (seen) => seen.length === 2),
    ]) {
      await read();
      await storeOn().head();
    }
    expect(appendsOf(leader)).toBe(1);
    expect(leader.calls.subscribe).toBe(1);
    expect(server.calls.subscribe).toBe(0);
  });

  test('a URL of several nodes: the leader is found, also when the first one is away', async () => {
    const nodes = (first: EsdbServer, second: EsdbServer) =>
      `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false&discoveryInterval=20`;
    for (const url of [nodes(server, leader), nodes(leader, server)]) {
      const store = storeOn(url);
      await store.append(newStream(), 'none', newEvents(1));
      expect(store.server.standing().leader).toBe(`127.0.0.1:${leader.port}`);
    }
    expect([appendsOf(server), appendsOf(leader)]).toEqual([0, 2]);
    await server.stop();
    await storeOn(nodes(server, leader)).append(newStream(), 'none', newEvents(1));
  });

  test('it tells who leads, and for how long nobody has', async () => {
    const store = storeOn(`esdb://127.0.0.1:${server.port},127.0.0.1:${leader.port}?tls=false`);
    expect(store.server.standing()).toEqual({ leader: undefined, awayMs: 0, lastAwayMs: 0 });
    await store.head();
    const first = `127.0.0.1:${leader.port}`;
    expect(store.server.standing()).toEqual({ leader: first, awayMs: 0, lastAwayMs: 0 });
    await leader.stop();
    await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
    await sleep(50);
    expect(store.server.standing()).toMatchObject({ leader: first, lastAwayMs: 0 });
    expect(store.server.standing().awayMs).toBeGreaterThan(40);
    server.faults.leader = undefined;
    await vi.waitFor(() => store.head(), 30_000);
    const { lastAwayMs, ...now } = store.server.standing();
    expect(now).toEqual({ leader: `127.0.0.1:${server.port}`, awayMs: 0 });
    expect(lastAwayMs).toBeGreaterThan(40);
  });

  test('it finds the leader by the gossip', async () => {
    const store = storeOn(server.url.replace('esdb:', 'esdb+discover:'));
    await store.append(newStream(), 'none', newEvents(1));
    expect([appendsOf(server), appendsOf(leader)]).toEqual([0, 1]);
  });

  test('the leader changes between two appends, and back', async () => {
    const store = storeOn(server.url);
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    leader.faults.leader = { host: '127.0.0.1', port: server.port };
    server.faults.leader = undefined;
    await store.append(stream, 0, newEvents(1));
    expect(await store.readStream(stream)).toHaveLength(2);
    server.faults.leader = { host: '127.0.0.1', port: leader.port };
    leader.faults.leader = undefined;
    await store.append(stream, 1, newEvents(1));
    expect(await readWhole(store, 0n)).toHaveLength(3);
  });

  test('the leader is lost and the one that was asked first takes over', async () => {
    const store = storeOn(server.url);
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    const following = follow(store, { after: 0n }, (seen) => seen.length === 2);
    await leader.stop();
    server.faults.leader = undefined;
    const events = newEvents(1);
    await vi.waitFor(() => store.append(stream, 0, events), 30_000);
    await following;
    expect(appendsOf(server)).toBeGreaterThan(0);
  });

  test('nobody leads: unavailable, and nothing was written', async () => {
    leader.faults.leader = { host: '127.0.0.1', port: server.port };
    const store = storeOn(server.url);
    await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
    // nor can one of many at once be written, for nobody has answered as the leader
    for (const outcome of await appendAtOnce(store, 16)) {
      expect(outcome).toMatchObject({ reason: { name: 'Unavailable' } });
    }
    leader.faults.leader = undefined;
    expect(await readWhole(store, 0n)).toEqual([]);
  });

  test('nobody leads any more: unknown are those alone that were under way together, and the same ids settle them', async () => {
    const [store, alone] = [await heardStoreOn(server.url), await heardStoreOn(server.url)];
    leader.faults.leader = { host: '127.0.0.1', port: server.port };
    await expect(alone.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    const lost = Array.from({ length: 4 }, () => [newStream(), newEvents(2)] as const);
    const append = () => lost.map(([stream, events]) => store.append(stream, 'none', events));
    for (const outcome of await Promise.allSettled(append())) {
      expect(outcome).toMatchObject({ reason: { name: 'OutcomeUnknown' } });
    }
    for (const outcome of await appendAtOnce(store, 16)) {
      expect(outcome).toMatchObject({ reason: { name: 'Unavailable' } });
    }
    leader.faults.leader = undefined;
    expect((await Promise.all(append())).map(({ revision }) => revision)).toEqual(lost.map(() => 1));
    expect(await readWhole(store, 0n)).toHaveLength(8);
  });

  test('one append that a node refuses because it no longer leads goes to the one that does', async () => {
    const store = await heardStoreOn(leader.url);
    leader.faults.leader = { host: '127.0.0.1', port: server.port };
    server.faults.leader = undefined;
    expect(await store.append(newStream(), 'none', newEvents(2))).toMatchObject({ revision: 1 });
    expect([leader.calls.batchAppend, leader.calls.append, server.calls.append]).toEqual([1, 0, 1]);
    for (const outcome of await appendAtOnce(store, 8)) {
      expect(outcome).toMatchObject({ status: 'fulfilled' });
    }
    expect(server.calls.batchAppend).toBe(8);
  });
});

describe('closing', () => {
  const url = () => [server.url, server.url.replace('esdb:', 'esdb+discover:')];

  test('does not hang when everything else does', async () => {
    const store = storeOn(server.url, { closeWithinMs: 200 });
    await store.append(newStream(), 'none', newEvents(1));
    const subscription = store.subscribe({ name: 'hangs', after: 0n }, () => Promise.resolve());
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    server.faults.hang = true;
    const pending = Promise.allSettled([
      store.append(newStream(), 'none', newEvents(1)),
      store.append(newStream(), 'any', newEvents(1)),
      store.readAll({ after: 0n, limit: 5 }),
      store.readStream(newStream()),
      store.head(),
    ]);
    const started = performance.now();
    await store.close();
    expect(performance.now() - started).toBeLessThan(4_000);
    const outcomes = await pending;
    expect(performance.now() - started).toBeLessThan(4_000);
    const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
    expect(reasons.map(({ name }) => name)).toEqual([
      'OutcomeUnknown',
      'OutcomeUnknown',
      'Unavailable',
      'Unavailable',
      'Unavailable',
    ]);
    await subscription.done;
  });

  test('leaves no connection behind, whatever it did', async () => {
    const store = storeOn(server.url);
    const subscription = store.subscribe({ name: 'open', after: 0n }, () => Promise.resolve());
    await store.append(newStream(), 'none', newEvents(1));
    await vi.waitFor(() => expect(server.calls.subscribe).toBe(1), { timeout: 30_000 });
    expect(server.connections).toBeGreaterThan(0);
    await store.close();
    await subscription.done;
    await vi.waitFor(() => expect(server.connections).toBe(0), { timeout: 30_000 });
  });

  test('does not hang when there is no server', async () => {
    await server.stop();
    for (const each of url()) {
      const store = storeOn(each);
      const subscription = store.subscribe({ name: 'waits', after: 0n }, () => Promise.resolve());
      const append = Promise.allSettled([store.append(newStream(), 'none', newEvents(1))]);
      await sleep(50);
      const started = performance.now();
      await store.close();
      expect(performance.now() - started).toBeLessThan(4_000);
      await subscription.done;
      await append;
    }
  });

  test('waits for appends under way, and takes no more', async () => {
    // as long as this test, however slow the machine
    const store = storeOn(server.url, { closeWithinMs: 600_000, timeoutMs: 600_000 });
    server.log.indexingMs = 200;
    const stream = newStream();
    const alone = store.append(newStream(), 'none', newEvents(1));
    await store.head();
    const append = store.append(stream, 'none', newEvents(1));
    const closed = store.close();
    expect(await Promise.all([alone, append])).toMatchObject([{ revision: 0 }, { revision: 0 }]);
    await expect(store.append(stream, 0, newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    await closed;
    await store.close();
    await expect(store.readStream(stream)).rejects.toBeInstanceOf(Unavailable);
    expect(await storeOn().readStream(stream)).toHaveLength(1);
  });
});

describe('what others write', () => {
  const foreign = (type: string, data = '{}', metadata = '') => ({
    id: randomUUID(),
    type,
    contentType: 'application/json',
    data: Buffer.from(data),
    metadata: Buffer.from(metadata),
  });

  test('system events reach no reader, and nobody waits for them', async () => {
    const store = storeOn();
    const stream = newStream();
    await store.append(stream, 'none', newEvents(1));
    server.log.write('$secret', 'any', [foreign('Noted'), foreign('Counted')]);
    server.log.write(stream, 'any', [foreign('$>', `0@${stream}`)]);
    server.log.write('$ce-test', 'any', [foreign('$>', `0@${stream}`)]);
    const head = await store.head();
    expect(head).toBe(server.log.events.at(-1)?.position);
    for (const filter of [
      undefined,
      { types: ['Noted'] },
      { streamPrefix: 'test-' },
      { types: ['$>', 'Noted'] },
    ]) {
      const batch = await store.readAll({ after: 0n, limit: 100, ...(filter && { filter }) });
      expect(batch.events.map((event) => [event.stream, event.revision])).toEqual([[stream, 0]]);
      expect(batch.position).toBe(head);
    }
    expect(await store.readStream(stream)).toHaveLength(1);
    // it takes a revision all the same
    expect(await store.append(stream, 'any', newEvents(1))).toMatchObject({ revision: 2 });
    await expect(store.append(stream, 1, newEvents(1))).rejects.toBeInstanceOf(Conflict);
    expect((await store.verifyChain()).brokenAt).toBeNull();
  });

  test.each([
    ['no metadata', foreign('Noted')],
    ['other metadata', foreign('Noted', '{}', '{"id":1}')],
    ['what is no JSON', foreign('Noted', '\xff', 'null')],
  ])('an event that is not ours is one of an unknown version: %s', async (_what, event) => {
    const store = storeOn();
    const stream = newStream();
    const { position } = await store.append(stream, 'none', newEvents(1));
    server.log.write(stream, 'any', [event]);
    await expect(store.readStream(stream)).rejects.toBeInstanceOf(UnknownEventVersion);
    const first = await store.readAll({ after: 0n, limit: 10 });
    expect(first.events.map((each) => each.position)).toEqual([position]);
    expect(first.unreadable).toMatchObject([{ stream, revision: 1 }]);
    expect((await store.verifyChain()).brokenAt).toBe(server.log.stream(stream)?.[1]?.position);
  });
});

describe('verifying', () => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  const edited = (event: LoggedEvent, from: RegExp, to: string) => ({
    metadata: Buffer.from(text(event.metadata).replace(from, to)),
  });
  const tampering: [string, (event: LoggedEvent) => Partial<LoggedEvent> | 'remove'][] = [
    ['a payload', () => ({ data: Buffer.from('{"number":9}') })],
    ['a type', () => ({ type: 'Counted' })],
    ['a stream', () => ({ stream: 'another' })],
    ['a revision', () => ({ revision: 7 })],
    ['an actor', (event) => edited(event, /contract/, 'somebody')],
    ['a time', (event) => edited(event, /"recordedAt":"..../, '"recordedAt":"1999')],
    ['an id', (event) => edited(event, /"id":"....../, '"id":"aaaaaa')],
    ['a version', (event) => edited(event, /"version":1/, '"version":2')],
    ['a hash', (event) => edited(event, /"hash":"....../, '"hash":"aaaaaa')],
  ];

  const written = async (store: EsdbEventStore) => {
    const stream = newStream();
    await store.append(stream, 'none', newEvents(2));
    const { position } = await store.append(stream, 1, newEvents(2));
    return { events: server.log.stream(stream)!, position };
  };

  test.each(tampering)('A19 tampering is found: %s', async (_what, change) => {
    const store = storeOn();
    const { events, position } = await written(store);
    const intact = await store.verifyChain();
    expect(intact.brokenAt).toBeNull();
    expect(intact.verified).toBeGreaterThanOrEqual(position);
    server.log.tamper(events[2]!, change(events[2]!));
    const report = await store.verifyChain();
    expect(report.brokenAt).toBe(events[2]!.position);
    expect(report.verified).toBeLessThan(events[2]!.position);
    expect(report.verified).toBeGreaterThanOrEqual(events[1]!.position);
  });

  test('A19 the altered event is named, though no position is known but those of events', async () => {
    const store = storeOn();
    const { events } = await written(store);
    server.log.tamper(events[2]!, { data: Buffer.from('{"number":9}') });
    const { firstAltered } = await new LogVerification(store, () => Promise.resolve(0n)).verify();
    expect(firstAltered?.position).toBe(events[2]!.position);
    expect(firstAltered?.event).toMatchObject({ type: 'Noted', revision: 2, data: { number: 9 } });
  });

  test('A19 an event that is missing within its stream shows by the next one; the last one does not', async () => {
    const store = storeOn();
    const { events } = await written(store);
    const copy = [...events];
    server.log.tamper(copy[3]!, 'remove');
    expect((await store.verifyChain()).brokenAt).toBeNull();
    server.log.tamper(copy[1]!, 'remove');
    expect((await store.verifyChain()).brokenAt).toBe(copy[2]!.position);
  });
});

test('two logs of one content verify alike; the log outlives its server', async () => {
  const log = new EsdbLog();
  const first = await startServer({ log });
  await storeOn(first.url).append(newStream(), 'none', newEvents(3));
  await first.stop();
  const second = await startServer({ log });
  expect(await readWhole(storeOn(second.url), 0n)).toHaveLength(3);
});
