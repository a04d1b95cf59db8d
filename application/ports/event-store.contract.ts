/** What every event store must do. The numbers are those of the behaviours in the design. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventCatalogue } from '../../infrastructure/event-store/codec/event-codec.ts';
import {
  Conflict,
  EventIdReused,
  EventTooLarge,
  InvalidAppend,
  InvalidPosition,
  MAX_EVENT_BYTES,
  StreamNotFound,
  UnknownEventVersion,
  type EventBatch,
  type EventMetadata,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type StoredEvent,
  type SubscribeOptions,
} from './event-store.ts';

export interface EventStoreHarness {
  readonly store: EventStore;
  /** another store on the same log, as another process or another release has one */
  another(catalogue?: EventCatalogue): EventStore;
  close(): Promise<void>;
}

export const contractCatalogue: EventCatalogue = { Noted: { version: 1 }, Counted: { version: 1 } };

export const someMetadata: EventMetadata = {
  correlationId: 'correlation-1',
  causationId: null,
  actor: { kind: 'system', id: 'contract' },
  reason: 'test',
};

export const newStream = (): string => `test-${randomUUID()}`;

export const newEvent = (data: unknown = {}, type = 'Noted'): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: someMetadata,
});

export const newEvents = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, number) => newEvent({ number }));

const ids = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

/** Everything in the log after a position, page by page. */
export async function readWhole(store: EventStore, after: bigint, limit = 100): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let position = after; ;) {
    const batch = await store.readAll({ after: position, limit });
    if (batch.position === position) return events;
    events.push(...batch.events);
    position = batch.position;
  }
}

/** Subscribes until `enough`, and stops. Rejects with what the subscription rejects with. */
export async function follow(
  store: EventStore,
  options: Omit<SubscribeOptions, 'name'>,
  enough: (events: readonly StoredEvent[], position: bigint) => boolean,
): Promise<{ events: StoredEvent[]; batches: EventBatch[]; position: bigint }> {
  const events: StoredEvent[] = [];
  const batches: EventBatch[] = [];
  const reached = Promise.withResolvers<void>();
  const subscription = store.subscribe({ name: 'contract', ...options }, async (batch) => {
    await Promise.resolve();
    batches.push(batch);
    events.push(...batch.events);
    if (enough(events, batch.position)) reached.resolve();
  });
  try {
    await Promise.race([reached.promise, subscription.done]);
  } finally {
    await subscription.stop();
  }
  return { events, batches, position: batches.at(-1)?.position ?? options.after };
}

export function eventStoreContract(name: string, makeHarness: () => Promise<EventStoreHarness>): void {
  describe(`${name} is an event store`, () => {
    let harness: EventStoreHarness;
    let store: EventStore;
    let stream: string;

    beforeEach(async () => {
      harness = await makeHarness();
      store = harness.store;
      stream = newStream();
    });
    afterEach(() => harness.close());

    const fill = async (count: number): Promise<NewEvent[]> => {
      const events = newEvents(count);
      await store.append(stream, 'none', events);
      return events;
    };

    describe('append', () => {
      test('A1 a new stream with `none` gives revisions from 0 on', async () => {
        const before = await store.head();
        const appended = await store.append(stream, 'none', newEvents(3));
        expect(appended.revision).toBe(2);
        const events = await store.readStream(stream);
        expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
        expect(events[0]!.position).toBeGreaterThan(before);
        expect(events[2]!.position).toBe(appended.position);
        expect(await store.head()).toBeGreaterThanOrEqual(appended.position);
        if (!store.capabilities.densePositions) return;
        expect(appended.position).toBe(before + 3n);
        expect(await store.head()).toBe(appended.position);
      });

      test('A2 `none` on a stream that exists is a conflict with the actual revision', async () => {
        await fill(2);
        const conflict = await store.append(stream, 'none', newEvents(1)).catch((error: unknown) => error);
        expect(conflict).toBeInstanceOf(Conflict);
        expect(conflict).toMatchObject({ stream, expected: 'none', actual: 1 });
      });

      test('A3 an exact revision', async () => {
        await fill(2);
        expect(await store.append(stream, 1, newEvents(2))).toMatchObject({ revision: 3 });
      });

      test('A4 a stale, a future and a missing exact revision: conflict, nothing written', async () => {
        await fill(2);
        const head = await store.head();
        for (const expected of [0, 2]) {
          await expect(store.append(stream, expected, newEvents(1))).rejects.toMatchObject({
            name: 'Conflict',
            expected,
            actual: 1,
          });
        }
        const missing = store.append(newStream(), 0, newEvents(1));
        await expect(missing).rejects.toMatchObject({ name: 'Conflict', actual: 'none' });
        expect(await readWhole(store, head)).toEqual([]);
        if (store.capabilities.densePositions) expect(await store.head()).toBe(head);
        expect(await store.readStream(stream)).toHaveLength(2);
      });

      test('A5 `exists` on a missing stream is a conflict, on one that is there it appends', async () => {
        const missing = store.append(stream, 'exists', newEvents(1));
        await expect(missing).rejects.toMatchObject({ name: 'Conflict', expected: 'exists', actual: 'none' });
        await fill(1);
        expect(await store.append(stream, 'exists', newEvents(1))).toMatchObject({ revision: 1 });
      });

      test('A6 `any` never conflicts, 50 at once', async () => {
        const appended = await Promise.all(
          Array.from({ length: 50 }, () => store.append(stream, 'any', newEvents(1))),
        );
        const revisions = appended.map(({ revision }) => revision).sort((a, b) => a - b);
        expect(revisions).toEqual(Array.from({ length: 50 }, (_, index) => index));
      });

      test('A7 two appends at one revision: exactly one wins and the loser is told', async () => {
        await fill(1);
        const two = [newEvent('first'), newEvent('second')];
        const outcomes = await Promise.allSettled([
          store.append(stream, 0, [two[0]!]),
          harness.another().append(stream, 0, [two[1]!]),
        ]);
        const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
        expect(winners).toHaveLength(1);
        const loser = outcomes.find((outcome) => outcome.status === 'rejected');
        expect(loser?.reason).toBeInstanceOf(Conflict);
        expect((await store.readStream(stream)).at(-1)?.id).toBe(two[winners[0]!]?.id);
      });

      test('A8 100 concurrent writers that try again: none lost, none double, dense', async () => {
        const events = newEvents(100);
        const stores = [store, harness.another()];
        await Promise.all(events.map((event, index) => insist(stores[index % 2]!, stream, event)));
        const stored = await store.readStream(stream);
        expect(stored.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
        expect(ids(stored).sort()).toEqual(ids(events).sort());
      });

      test('A9 several events are one: all or none', async () => {
        await fill(1);
        const fresh = newEvents(3);
        const [used] = await store.readStream(stream);
        const mixed = [...fresh, { ...newEvent('other'), id: used!.id }];
        await expect(store.append(stream, 0, mixed)).rejects.toBeInstanceOf(EventIdReused);
        await expect(store.append(stream, 5, fresh)).rejects.toBeInstanceOf(Conflict);
        expect(await store.readStream(stream)).toHaveLength(1);
        const { position } = await store.append(stream, 0, fresh);
        const stored = await store.readStream(stream, { from: 1 });
        expect(ids(stored)).toEqual(ids(fresh));
        expect(stored.at(-1)?.position).toBe(position);
        if (!store.capabilities.densePositions) return;
        expect(stored.map((event) => event.position)).toEqual([position - 2n, position - 1n, position]);
      });

      test.each([1, 2])(
        'A10 the same ids again give the first result, also later and at once: %i',
        async (count) => {
          const events = newEvents(count);
          const first = await store.append(stream, 'none', events);
          const { revision } = await store.append(stream, 'any', newEvents(3));
          expect(await store.append(stream, 'none', events)).toEqual(first);
          const more = newEvents(count);
          const append = (expected: ExpectedRevision, again = more) => store.append(stream, expected, again);
          const twice = await Promise.all([append(revision), append(revision)]);
          expect(twice[0]).toEqual(twice[1]);
          for (const expected of ['any', 'exists'] as const) expect(await append(expected)).toEqual(twice[0]);
          const shouted = more.map((event) => ({ ...event, id: event.id.toUpperCase() }));
          expect(await append(revision, shouted)).toEqual(twice[0]);
          expect(await store.readStream(stream)).toHaveLength(2 * count + 3);
        },
      );

      test('A10 the same ids at once, by two processes, are one append', async () => {
        const events = newEvents(2);
        const stores = [store, harness.another()];
        const twice = await Promise.all(stores.map((each) => each.append(stream, 'none', events)));
        expect(twice[0]).toEqual(twice[1]);
        expect(await store.readStream(stream)).toHaveLength(2);
      });

      test('A10 the same ids at another expectation are a conflict', async () => {
        const events = await fill(2);
        await expect(store.append(stream, 1, events)).rejects.toMatchObject({ name: 'Conflict', actual: 1 });
        expect(await store.readStream(stream)).toHaveLength(2);
      });

      test('A11 the same id with another payload, type, stream, order or company is an error', async () => {
        const events = await fill(2);
        const [first, second] = events as [NewEvent, NewEvent];
        const refused: [string, NewEvent[]][] = [
          [stream, [{ ...first, data: { number: 'changed' } }]],
          [stream, [{ ...first, data: { number: 'changed' } }, second]],
          [stream, [{ ...first, type: 'Counted' }, second]],
          [stream, [second, first]],
          [stream, [first, second, newEvent()]],
          [stream, [newEvent(), first]],
        ];
        if (store.capabilities.idsAcrossStreams) refused.push([newStream(), events], [newStream(), [first]]);
        for (const [target, again] of refused) {
          await expect(store.append(target, 'any', again)).rejects.toBeInstanceOf(EventIdReused);
        }
        expect(await store.readStream(stream)).toHaveLength(2);
      });

      test('A12 refused: no events, empty, reserved, overlong and unprintable stream names', async () => {
        await expect(store.append(stream, 'any', [])).rejects.toBeInstanceOf(InvalidAppend);
        for (const bad of ['', '$all', '$', 'x'.repeat(201), 'a\0b', 'a\nb', 'a\ud800']) {
          await expect(store.append(bad, 'any', newEvents(1))).rejects.toBeInstanceOf(InvalidAppend);
        }
        await store.append(`${stream}-${'é'.repeat(100)}'"; DROP TABLE log.events; --`, 'none', newEvents(1));
      });

      test('A12 refused: what is no revision, no event id, no event type, or the same id twice', async () => {
        for (const expected of [-1, 0.5, Number.NaN, 2 ** 31]) {
          await expect(store.append(stream, expected, newEvents(1))).rejects.toBeInstanceOf(InvalidAppend);
        }
        const event = newEvent();
        for (const events of [[{ ...event, id: 'x' }], [newEvent({}, 'Nameless')], [event, event]]) {
          await expect(store.append(stream, 'any', events)).rejects.toBeInstanceOf(InvalidAppend);
        }
      });

      test('A12 refused: what JSON or PostgreSQL would change', async () => {
        const cycle: unknown[] = [];
        cycle.push(cycle);
        const bad = [undefined, { a: undefined }, () => 1, 'a\0b', { 'a\0': 1 }, '\ud800', new Date(), cycle];
        for (const data of [...bad, Number.NaN, new Map(), [undefined]]) {
          await expect(store.append(stream, 'any', [{ ...newEvent(), data }])).rejects.toBeInstanceOf(
            InvalidAppend,
          );
        }
        await expect(store.readStream(stream)).rejects.toBeInstanceOf(StreamNotFound);
      });

      test('A13 an oversize event is a typed error', async () => {
        const event = newEvent('x'.repeat(MAX_EVENT_BYTES));
        await expect(store.append(stream, 'any', [event])).rejects.toBeInstanceOf(EventTooLarge);
      });

      test('A13 as much as an append takes is taken, type names and all; one event more is not', async () => {
        const most = Array.from({ length: 8 }, () => newEvent('x'.repeat(2_095_000)));
        await store.append(stream, 'none', most);
        const over = [...most.map((event) => ({ ...event, id: randomUUID() })), newEvent('x'.repeat(8_000))];
        await expect(store.append(stream, 'any', over)).rejects.toBeInstanceOf(InvalidAppend);
        expect(await store.readStream(stream, { from: 8 })).toEqual([]);
      });

      test('A14 unicode, bigint, null, odd keys and 1 MiB come back as they were', async () => {
        const data = {
          text: 'naïve 中文 🐘 \u2028 "quoted" \\ \u0001 é',
          big: 12345678901234567890123n,
          small: -1n,
          nothing: null,
          empty: {},
          list: [1, 'a', null, [0.1, 1e300, true], 5n],
          literal: { $bigint: '5' },
          doubled: { $$bigint: { $bigint: 7n } },
          ['__proto__']: { polluted: true },
        };
        const long = 'é'.repeat(512 * 1024);
        await store.append(stream, 'none', [newEvent(data), newEvent(long), newEvent(null)]);
        const events = await store.readStream(stream);
        expect(events.map((event) => event.data)).toEqual([data, long, null]);
        expect(Object.keys(events[0]!.data as object)).toContain('__proto__');
      });

      test('A15 metadata is kept, the stored event is whole', async () => {
        const metadata: EventMetadata = {
          correlationId: 'c',
          causationId: 'b',
          actor: { kind: 'owner', id: 'owner_1' },
          reason: 'test',
          requestId: 'req_1',
          ip: '2001:db8::1',
          userAgent: 'curl/8 "quoted"',
        };
        const event = { ...newEvent({ n: 1 }), metadata };
        const { position } = await store.append(stream, 'none', [event]);
        const [stored] = await store.readStream(stream);
        // it need not be a property of its own
        expect({ ...stored, metadata: stored?.metadata }).toEqual({
          ...event,
          stream,
          revision: 0,
          position,
          schemaVersion: 1,
          recordedAt: expect.any(Date) as Date,
          hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        });
      });

      test('A21 one conflict among many appends fails only its caller', async () => {
        await fill(1);
        const [used] = await store.readStream(stream);
        const good = Array.from({ length: 10 }, newStream);
        const outcomes = await Promise.allSettled([
          ...good.slice(0, 5).map((name) => store.append(name, 'none', newEvents(2))),
          store.append(stream, 'none', newEvents(1)),
          store.append(stream, 0, [{ ...newEvent('other'), id: used!.id }]),
          ...good.slice(5).map((name) => store.append(name, 'none', newEvents(2))),
        ]);
        const failed = outcomes.flatMap((outcome) =>
          outcome.status === 'rejected' ? [(outcome.reason as Error).name] : [],
        );
        expect(failed.sort()).toEqual(['Conflict', 'EventIdReused']);
        for (const name of good) expect(await store.readStream(name)).toHaveLength(2);
      });
    });

    describe('read', () => {
      test('A16 forward, backward, from, to, limit', async () => {
        await fill(10);
        const read = async (options: Parameters<EventStore['readStream']>[1]) =>
          (await store.readStream(stream, options)).map(({ revision }) => revision);
        expect(await read({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(await read({ from: 7 })).toEqual([7, 8, 9]);
        expect(await read({ to: 1 })).toEqual([0, 1]);
        expect(await read({ from: 2, to: 5, limit: 3 })).toEqual([2, 3, 4]);
        expect(await read({ direction: 'backward', limit: 2 })).toEqual([9, 8]);
        expect(await read({ direction: 'backward', from: 2, to: 4 })).toEqual([4, 3, 2]);
        expect(await read({ direction: 'backward', from: 8, to: 20 })).toEqual([9, 8]);
        expect(await read({ direction: 'backward', to: 20, limit: 1 })).toEqual([9]);
        expect(await read({ from: 8, to: 20 })).toEqual([8, 9]);
        expect(await read({ from: 5, to: 4 })).toEqual([]);
        expect(await read({ limit: 0 })).toEqual([]);
        expect(await read({ from: 10 })).toEqual([]);
        expect(await read({ from: 2 ** 40 })).toEqual([]);
      });

      test('A17 a missing stream is a typed error', async () => {
        for (const options of [{}, { limit: 0 }, { from: 3 }, { direction: 'backward' }] as const) {
          await expect(store.readStream(stream, options)).rejects.toBeInstanceOf(StreamNotFound);
        }
        await fill(1);
        await expect(store.readStream(`${stream}x`)).rejects.toBeInstanceOf(StreamNotFound);
        await expect(store.readStream(stream.slice(0, -1))).rejects.toBeInstanceOf(StreamNotFound);
      });

      test('A19 the hash chain verifies and says how far it is', async () => {
        await fill(20);
        const progress: bigint[] = [];
        const report = await store.verifyChain({ onProgress: (verified) => progress.push(verified) });
        const events = await store.readStream(stream);
        expect(report.brokenAt).toBeNull();
        expect(report.verified).toBeGreaterThanOrEqual(events.at(-1)!.position);
        if (store.capabilities.densePositions) expect(report.verified).toBe(await store.head());
        expect(progress.at(-1)).toBe(report.verified);
        expect(new Set(events.map(({ hash }) => hash)).size).toBe(20);
      });

      test('each event can be verified by itself', async () => {
        await fill(3);
        const events = await store.readStream(stream);
        for (const event of events) expect(await store.verifyEvent(event)).toBe('intact');
        const [first, second] = events as [StoredEvent, StoredEvent];
        const elsewhere = [
          { ...first, revision: 7 },
          { ...first, stream: `${stream}x` },
          { ...first, position: second.position },
          { ...first, position: (await store.head()) + 1000n },
        ];
        for (const place of elsewhere) expect(await store.verifyEvent(place)).toBe('missing');
      });

      test('A22 old versions are brought up to date, step by step', async () => {
        await store.append(stream, 'none', [newEvent({ note: 'old' })]);
        const newer = harness.another({
          ...contractCatalogue,
          Noted: {
            version: 3,
            upcasters: {
              1: (data) => ({ ...(data as object), second: true }),
              2: (data) => ({ ...(data as object), third: true }),
            },
          },
        });
        await newer.append(stream, 0, [newEvent({ note: 'new' })]);
        expect(await newer.readStream(stream)).toMatchObject([
          { data: { note: 'old', second: true, third: true }, schemaVersion: 3 },
          { data: { note: 'new' }, schemaVersion: 3 },
        ]);
      });

      test('A22 an unknown version or type is delivered apart, so that it can be parked', async () => {
        const before = await store.head();
        const newer = harness.another({
          Noted: { version: 2, upcasters: { 1: (data) => data } },
          Invented: { version: 1 },
        });
        const known = await fill(2);
        const { position } = await newer.append(newStream(), 'none', [newEvent({}, 'Invented')]);
        const future = newStream();
        await newer.append(future, 'none', [newEvent({ newer: true })]);
        const after = newEvent({}, 'Counted');
        await store.append(newStream(), 'none', [after]);

        await expect(store.readStream(future)).rejects.toBeInstanceOf(UnknownEventVersion);
        const batch = await store.readAll({ after: before, limit: 100 });
        expect(ids(batch.events)).toEqual([...ids(known), after.id]);
        expect(batch.unreadable).toMatchObject([
          { position, type: 'Invented', version: 1, revision: 0 },
          { stream: future, type: 'Noted', version: 2, revision: 0 },
        ]);
        const followed = await follow(store, { after: before }, (seen) => seen.length === 3);
        expect(ids(followed.events)).toEqual(ids(batch.events));
        expect(followed.batches.flatMap(({ unreadable }) => unreadable)).toEqual(batch.unreadable);
        const others = await store.readAll({ after: before, limit: 9, filter: { types: ['Counted'] } });
        expect(ids(others.events)).toEqual([after.id]);
        expect(others.unreadable).toEqual([]);
      });

      test('B23 the whole log is strictly increasing and keeps the order of each stream', async () => {
        const before = await store.head();
        const streams = Array.from({ length: 5 }, newStream);
        const stores = [store, harness.another()];
        await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            stores[index % 2]!.append(streams[index % 5]!, 'any', newEvents(1 + (index % 3))),
          ),
        );
        const events = await readWhole(store, before, 7);
        expect(events).toHaveLength(120);
        expectIncreasing(store, before, events);
        for (const name of streams) {
          const own = events.filter((event) => event.stream === name);
          expect(own.map(({ revision }) => revision)).toEqual(own.map((_, index) => index));
          expect(own).toEqual(await store.readStream(name));
        }
      });

      test('B31 a filter by type and by prefix; the position goes over what it left out', async () => {
        const before = await store.head();
        const tricky = `a_b%\\${stream}`;
        const other = `axb\\\\${stream}`;
        await store.append(tricky, 'none', [newEvent(1), newEvent(2, 'Counted')]);
        await store.append(other, 'none', [newEvent(3, 'Counted'), newEvent(4)]);
        const head = await store.head();
        const stored = [...(await store.readStream(tricky)), ...(await store.readStream(other))];
        const places = stored.map(({ position }) => position);
        const [, second, third] = places;
        const { densePositions } = store.capabilities;
        // where nothing else writes, the end of the log is exactly where it was
        const isEnd = (position: bigint) => (densePositions ? position === head : position >= head);
        const read = async (filter: { types?: string[]; streamPrefix?: string }, limit = 100) => {
          const { events, position } = await store.readAll({ after: before, limit, filter });
          return [events.map(({ data }) => data), isEnd(position) ? 'end' : position];
        };
        expect(await read({ types: ['Counted'] })).toEqual([[2, 3], 'end']);
        expect(await read({ types: ['Counted', 'Noted'] }, 3)).toEqual([[1, 2, 3], third]);
        expect(await read({ types: ['Counted'] }, 1)).toEqual([[2], second]);
        expect(await read({ types: [] })).toEqual([[], 'end']);
        expect(await read({ types: ['Count', 'ounted', '.*'] })).toEqual([[], 'end']);
        expect(await read({ streamPrefix: 'a_b%\\' })).toEqual([[1, 2], 'end']);
        expect(await read({ streamPrefix: '' })).toEqual([[1, 2, 3, 4], 'end']);
        expect(await read({ streamPrefix: 'a_b%\\', types: ['Counted'] })).toEqual([[2], 'end']);
        expect(await store.readAll({ after: before, limit: 0 })).toEqual({
          events: [],
          unreadable: [],
          position: before,
        });
        const atEnd = await store.readAll({ after: head, limit: 5 });
        expect([atEnd.events, isEnd(atEnd.position)]).toEqual([[], true]);
        const beyond = head + 10n ** 12n;
        expect(await store.readAll({ after: beyond, limit: 5 })).toEqual({
          events: [],
          unreadable: [],
          position: beyond,
        });
        if (!densePositions) return;
        expect([...places, head]).toEqual([1n, 2n, 3n, 4n, 4n].map((nth) => before + nth));
      });
    });

    test('a position that is no place of this log is an error of its own, and ends a subscription', async () => {
      if (store.capabilities.densePositions) return;
      await fill(3);
      const [first] = await store.readStream(stream, { limit: 1 });
      const after = first!.position + 1n;
      for (const filter of [undefined, { types: ['Noted'] }, { streamPrefix: stream }]) {
        const range = { after, limit: 5, ...(filter && { filter }) };
        await expect(store.readAll(range)).rejects.toMatchObject({
          name: 'InvalidPosition',
          position: after,
          message: expect.stringContaining('launchdb replay') as string,
        });
      }
      const subscription = store.subscribe({ name: 'lost', after }, () => Promise.resolve());
      await expect(subscription.done).rejects.toBeInstanceOf(InvalidPosition);
    });

    test('B31 page by page a filter of both kinds skips nothing, however little passes', async () => {
      const before = await store.head();
      const [wanted, other] = [`wanted-${stream}`, `other-${stream}`];
      const expected: string[] = [];
      for (let round = 0; round < 4; round++) {
        await store.append(
          other,
          'any',
          newEvents(7).map((event) => ({ ...event, type: 'Counted' })),
        );
        const events = [newEvent(round, 'Counted'), newEvent(round)];
        await store.append(wanted, 'any', events);
        expected.push(events[0]!.id);
      }
      const head = await store.head();
      const filter = { types: ['Counted'], streamPrefix: 'wanted-' };
      const found: string[] = [];
      for (let after = before; after < head;) {
        const batch = await store.readAll({ after, limit: 2, filter });
        expect(batch.position).toBeGreaterThan(after);
        found.push(...ids(batch.events));
        after = batch.position;
      }
      expect(found).toEqual(expected);
    });

    describe('subscribe', () => {
      test('B29 goes on after a checkpoint: no repeat, no loss', async () => {
        const after = await store.head();
        const events = await fill(20);
        const head = await store.head();
        const first = await follow(store, { after, batchSize: 6 }, (seen) => seen.length >= 12);
        const rest = await follow(store, { after: first.position }, (_, position) => position >= head);
        expect(ids([...first.events, ...rest.events])).toEqual(ids(events));
        if (store.capabilities.densePositions) expect(rest.position).toBe(after + 20n);
      });

      test('B30 starts at the beginning, at a position, at the end', async () => {
        await fill(5);
        const head = await store.head();
        const filter = { streamPrefix: stream };
        const whole = await follow(store, { after: 0n, filter }, (_, position) => position >= head);
        expect(whole.events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
        const middle = whole.events[2]!.position;
        const late = await follow(store, { after: middle }, (_, position) => position >= head);
        expect(ids(late.events)).toEqual(ids(whole.events.slice(3)));
        if (store.capabilities.densePositions) {
          expect(late.events.map(({ position }) => position)).toEqual([head - 1n, head]);
        }
        const live = follow(store, { after: head }, (seen) => seen.length > 0);
        const [event] = newEvents(1);
        await store.append(stream, 'any', [event!]);
        expect(ids((await live).events)).toEqual([event!.id]);
      });

      test('B31 a filter still advances the checkpoint', async () => {
        const after = await store.head();
        await fill(10);
        const head = await store.head();
        const filter = { types: ['Counted'] };
        const quiet = await follow(store, { after, filter }, (_, position) => position >= head);
        expect(quiet.events).toEqual([]);
        if (store.capabilities.densePositions) expect(quiet.position).toBe(after + 10n);
        const wanted = newEvent({}, 'Counted');
        await store.append(stream, 'any', [wanted]);
        const found = await follow(store, { after, filter }, (seen) => seen.length > 0);
        expect(ids(found.events)).toEqual([wanted.id]);
      });

      test('B32 from catching up to live while others write: no gap, no duplicate', async () => {
        const after = await store.head();
        await fill(200);
        const stores = [store, harness.another()];
        const following = follow(store, { after, batchSize: 17 }, (seen) => seen.length >= 400);
        for (let round = 0; round < 50; round++) {
          await Promise.all(
            [0, 1, 2, 3].map((writer) => stores[writer % 2]!.append(newStream(), 'none', newEvents(1))),
          );
        }
        const { events } = await following;
        expect(ids(events)).toEqual(ids(await readWhole(store, after)));
        expect(events).toHaveLength(400);
        expectIncreasing(store, after, events);
      });

      test('B36 a slow handler gets one batch at a time, of bounded size', async () => {
        const after = await store.head();
        await fill(50);
        const gate = Promise.withResolvers<void>();
        const entered = Promise.withResolvers<void>();
        let running = 0;
        let mostRunning = 0;
        const sizes: number[] = [];
        const finished = Promise.withResolvers<void>();
        const subscription = store.subscribe({ name: 'slow', after, batchSize: 8 }, async (batch) => {
          mostRunning = Math.max(mostRunning, (running += 1));
          sizes.push(batch.events.length);
          entered.resolve();
          await gate.promise;
          running -= 1;
          if (sizes.reduce((sum, size) => sum + size) === 51) finished.resolve();
        });
        await entered.promise;
        await store.append(stream, 'any', newEvents(1));
        expect(sizes).toEqual([8]);
        gate.resolve();
        await finished.promise;
        await subscription.stop();
        expect(mostRunning).toBe(1);
        expect(sizes).toEqual([8, 8, 8, 8, 8, 8, 3]);
      });

      test('who settles before reading gets in one batch what came meanwhile', async () => {
        const after = await store.head();
        const gate = Promise.withResolvers<void>();
        const whole = Promise.withResolvers<void>();
        let heard = false;
        let appended = 0;
        let total = Infinity;
        const sizes: number[] = [];
        const settle = () => {
          heard = true;
          return gate.promise;
        };
        const subscription = store.subscribe({ name: 'settles', after, settle }, async ({ events }) => {
          sizes.push(events.length);
          if (sizes.reduce((sum, size) => sum + size) === total) whole.resolve();
        });
        // what is there at the first looks is read at once
        await vi.waitFor(
          async () => {
            appended += 1;
            await store.append(stream, 'any', newEvents(1));
            await sleep(1);
            expect(heard).toBe(true);
          },
          { timeout: 10_000 },
        );
        total = appended + 2;
        await store.append(stream, 'any', newEvents(2));
        gate.resolve();
        await whole.promise;
        await subscription.stop();
        expect(sizes.at(-1)).toBeGreaterThanOrEqual(3);
      });

      test('stop waits for the handler, and nothing is delivered afterwards', async () => {
        const after = await store.head();
        await fill(10);
        const gate = Promise.withResolvers<void>();
        const entered = Promise.withResolvers<void>();
        let delivered = 0;
        let returned = false;
        const subscription = store.subscribe({ name: 'stops', after, batchSize: 1 }, async () => {
          delivered += 1;
          entered.resolve();
          await gate.promise;
          returned = true;
        });
        await entered.promise;
        const stopped = subscription.stop();
        gate.resolve();
        await stopped;
        expect(returned).toBe(true);
        await subscription.done;
        await store.append(stream, 'any', newEvents(1));
        expect(delivered).toBe(1);
      });

      test('a subscription with nothing to do stops at once', async () => {
        const subscription = store.subscribe({ name: 'idle', after: await store.head() }, () =>
          Promise.reject(new Error('nothing is to be delivered')),
        );
        await subscription.stop();
        await subscription.stop();
        await subscription.done;
      });

      test('what the handler throws ends the subscription and no other', async () => {
        const after = await store.head();
        const following = follow(store, { after }, (seen) => seen.length === 2);
        const broken = store.subscribe({ name: 'breaks', after }, () => Promise.reject(new Error('poison')));
        await store.append(stream, 'any', newEvents(1));
        await expect(broken.done).rejects.toThrow('poison');
        await broken.stop();
        await store.append(stream, 'any', newEvents(1));
        expect((await following).events).toHaveLength(2);
      });
    });
  });
}

/** Each after the one before; where positions are dense, the very next. */
function expectIncreasing(store: EventStore, after: bigint, events: readonly StoredEvent[]): void {
  const positions = events.map(({ position }) => position);
  for (const [index, position] of positions.entries()) {
    expect(position).toBeGreaterThan(positions[index - 1] ?? after);
  }
  if (!store.capabilities.densePositions) return;
  expect(positions).toEqual(positions.map((_, index) => after + BigInt(index) + 1n));
}

/** Appends at the last revision, and again at the one that the conflict told of. */
async function insist(store: EventStore, stream: string, event: NewEvent): Promise<void> {
  for (let expected: number | 'none' = 'none'; ;) {
    try {
      await store.append(stream, expected, [event]);
      return;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      expected = error.actual;
    }
  }
}
