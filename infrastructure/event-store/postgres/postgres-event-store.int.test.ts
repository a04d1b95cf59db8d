import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test, vi } from 'vitest';
import { Unavailable } from '../../../application/errors.ts';
import {
  contractCatalogue,
  eventStoreContract,
  follow,
  newEvent,
  newEvents,
  newStream,
  readWhole,
  someMetadata,
} from '../../../application/ports/event-store.contract.ts';
import {
  InvalidAppend,
  OutcomeUnknown,
  type ExpectedRevision,
  type NewEvent,
} from '../../../application/ports/event-store.ts';
import { makePlatformTables } from '../../testing/platform-tables.ts';
import { onCluster, testDatabase, type TestDatabase } from '../../testing/database.ts';
import { APPEND, appendValues } from './append-call.ts';
import { appendRequest } from './append-request.ts';
import { EventCodec, type EventCatalogue } from '../codec/event-codec.ts';
import { InMemoryEventStore } from '../memory/in-memory-event-store.ts';
import { PostgresEventStore, type PostgresEventStoreOptions } from './postgres-event-store.ts';

/** A database with a log, and stores on it that have the rights of the platform's own role. */
class TestLog implements AsyncDisposable {
  readonly database: TestDatabase;
  readonly connection: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #stores: PostgresEventStore[] = [];

  constructor(database: TestDatabase) {
    this.database = database;
    this.connection = { connectionString: database.url, options: '-c role=launchdb_platform' };
    this.#pool = this.pool(this.connection);
  }

  static async create(): Promise<TestLog> {
    const database = await testDatabase();
    await onCluster(database.url, async (client) => {
      await makePlatformTables(client, 9);
    });
    return new TestLog(database);
  }

  store(options: Partial<PostgresEventStoreOptions> = {}): PostgresEventStore {
    const { connection } = this;
    const store = new PostgresEventStore({
      pool: this.#pool,
      connection,
      catalogue: contractCatalogue,
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  pool(config: pg.ClientConfig): pg.Pool {
    const pool = new pg.Pool({ ...config, max: 5 });
    pool.on('error', () => {});
    return pool;
  }

  /** One statement of the superuser's. */
  async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }

  async closeStores(): Promise<void> {
    await Promise.all(this.#stores.splice(0).map((store) => store.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeStores();
    await this.#pool.end();
    await this.database[Symbol.asyncDispose]();
  }

  /** Ends every session of that name; resolves with how many there were. */
  async terminate(applicationName: string): Promise<number> {
    const rows = await this.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2`,
      [this.database.name, applicationName],
    );
    return rows.length;
  }

  /** Resolves when an append waits for the head of the log. */
  appendWaits(): Promise<boolean> {
    return vi.waitUntil(
      async () => {
        const rows = await this.sql(
          `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'launchdb log append'
           AND wait_event_type = 'Lock'`,
          [this.database.name],
        );
        return rows.length === 1;
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  listening(count: number): Promise<boolean> {
    return vi.waitUntil(
      async () => {
        const rows = await this.sql(
          `SELECT FROM pg_stat_activity WHERE datname = $1 AND query = 'LISTEN launchdb_log' AND state = 'idle'`,
          [this.database.name],
        );
        return rows.length === count;
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  /** A session of the superuser that holds the head of the log until it is released. */
  async holdHead(): Promise<{ release(): Promise<void> }> {
    const client = await this.database.pool.connect();
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('log.append', 0))`);
    return {
      async release() {
        await client.query('ROLLBACK');
        client.release();
      },
    };
  }
}

const valuesOf = (stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): unknown[] =>
  appendValues([appendRequest(new EventCodec(contractCatalogue), stream, expected, events)]);

/** Stands between a client and the server, as a network does that fails. */
async function unreliableNetwork(url: string) {
  const origin = new URL(url);
  const entrance = new URL(url);
  const sockets = new Set<Socket>();
  let mode: 'open' | 'swallow-answers' | 'refuse' = 'open';
  const server = createServer((near) => {
    if (mode === 'refuse') return void near.destroy();
    const far = connect(Number(origin.port), origin.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [near, far].forEach((end) => sockets.delete(end.destroy())));
    }
    near.pipe(far);
    far.on('data', (data) => {
      // the server has answered, so it has committed; the client shall not know
      if (mode === 'swallow-answers') near.destroy();
      else near.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  entrance.port = String((server.address() as AddressInfo).port);
  return {
    url: entrance.href,
    set(next: typeof mode) {
      mode = next;
      if (mode === 'refuse') for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('with one log for all', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await TestLog.create();
  });
  afterAll(() => log[Symbol.asyncDispose]());

  eventStoreContract('the log in PostgreSQL', () => {
    const another = (catalogue: EventCatalogue = contractCatalogue) => log.store({ catalogue });
    return Promise.resolve({ store: another(), another, close: () => log.closeStores() });
  });
});

describe('the log in PostgreSQL', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await TestLog.create();
  });
  afterEach(() => log[Symbol.asyncDispose]());

  describe('stays as it was written', () => {
    const TAMPERING = [
      `UPDATE log.events SET data = '{}'`,
      `UPDATE log.events SET data = '{}' WHERE false`,
      'DELETE FROM log.events WHERE position = 1',
      'TRUNCATE log.events',
      'SET session_replication_role = replica; DELETE FROM log.events',
    ];

    const refusal = async (client: pg.ClientBase, statement: string): Promise<string> => {
      const error = await client.query(statement).catch((reason: unknown) => reason);
      return `${error instanceof pg.DatabaseError ? error.code : 'nothing'} for ${statement}`;
    };

    test('A18 the owner cannot change what is written', async () => {
      const store = log.store();
      await onCluster(log.database.url, async (client) => {
        await store.append(newStream(), 'none', newEvents(2));
        for (const statement of TAMPERING)
          expect(await refusal(client, statement)).toBe(`42501 for ${statement}`);
      });
      expect(await store.verifyChain()).toEqual({ verified: 2n, brokenAt: null });
    });

    test('A18 the platform role may read and append, nothing else', async () => {
      await log.store().append(newStream(), 'none', newEvents(1));
      const client = new pg.Client(log.connection);
      await client.connect();
      try {
        const refused = [
          ...TAMPERING.slice(0, -1),
          `INSERT INTO log.events SELECT position + 1, 'x', 0, gen_random_uuid(), type, 1, '', '', now(), '' FROM log.events`,
          `SELECT log.find_append('x', '{}', '{}', '{}', '{}')`,
          `SELECT log.fits('any', 1)`,
          'ALTER TABLE log.events DISABLE TRIGGER ALL',
          'SET session_replication_role = replica',
          'CREATE TABLE log.mine ()',
        ];
        for (const statement of refused)
          expect(await refusal(client, statement)).toBe(`42501 for ${statement}`);
      } finally {
        await client.end();
      }
      const [row] = await log.sql<{ public: boolean }>(
        `SELECT bool_or(has_function_privilege('pg_read_all_data', oid, 'EXECUTE')) AS public
         FROM pg_proc WHERE pronamespace = 'log'::regnamespace`,
      );
      expect(row?.public).toBe(false);
    });

    test.each([
      ['a payload', `UPDATE log.events SET data = '{"number":9}' WHERE position = 3`, 3n, ['3 altered']],
      [
        'an actor',
        `UPDATE log.events SET metadata = replace(metadata, 'contract', 'x') WHERE position = 4`,
        4n,
        ['4 altered'],
      ],
      [
        'a time',
        `UPDATE log.events SET recorded_at = recorded_at + '1 ms' WHERE position = 2`,
        2n,
        ['2 altered'],
      ],
      [
        'a time without end',
        `UPDATE log.events SET recorded_at = 'infinity' WHERE position = 2`,
        2n,
        ['2 altered'],
      ],
      ['a stream', `UPDATE log.events SET stream = 'other' WHERE position = 1`, 1n, ['1 missing']],
      ['a hash', `UPDATE log.events SET hash = sha256('') WHERE position = 5`, 5n, ['5 altered']],
      ['a row that is gone', 'DELETE FROM log.events WHERE position = 2', 2n, ['2 missing', '3 altered']],
      [
        // more rows than one read looks through
        'so many rows that are gone',
        'UPDATE log.events SET position = position + 1000000 WHERE position >= 4',
        4n,
        ['4 missing', '5 missing'],
      ],
    ])('A19 tampering is found: %s', async (_what, statement, brokenAt, seen) => {
      const store = log.store();
      const stream = newStream();
      await store.append(stream, 'none', newEvents(5));
      const places = await store.readStream(stream);
      await onCluster(log.database.url, async (client) => {
        await client.query('ALTER TABLE log.events DISABLE TRIGGER ALL');
        await client.query(statement);
      });
      expect(await store.verifyChain()).toEqual({ verified: brokenAt - 1n, brokenAt });
      const found = await Promise.all(places.map((place) => store.verifyEvent(place)));
      const faults = found.flatMap((check, at) => (check === 'intact' ? [] : [`${at + 1} ${check}`]));
      expect(faults).toEqual(seen);
    });

    test('the hash is the same in memory and in PostgreSQL', async () => {
      const store = log.store();
      const events = [
        newEvent({ text: 'é 🐘 \n "x" 12:' }),
        newEvent({ text: 'ü' }),
        newEvent(5n, 'Counted'),
      ];
      const stream = `${newStream()} 3:é`;
      // alone, as the first of the log and as a later one, and with another
      await store.append(stream, 'none', events.slice(0, 1));
      await store.append(stream, 0, events.slice(1));
      const last = newEvent({ text: 'ß' });
      await store.append(stream, 'exists', [last]);
      events.push(last);
      const stored = await store.readStream(stream);
      const times = stored.map(({ recordedAt }) => recordedAt);
      const twin = new InMemoryEventStore({ catalogue: contractCatalogue, now: () => times.shift()! });
      for (const event of events) await twin.append(stream, 'any', [event]);
      expect(await twin.readStream(stream)).toEqual(stored);
    });
  });

  describe('connections that fail', () => {
    test('A20 the session is ended in the middle of an append: outcome unknown, the same ids settle it', async () => {
      const store = log.store();
      const stream = newStream();
      const events = newEvents(2);
      const head = await log.holdHead();
      const appends = [store.append(stream, 'none', events), store.append(newStream(), 'none', newEvents(1))];
      const outcomes = Promise.allSettled(appends);
      await log.appendWaits();
      await log.terminate('launchdb log append');
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'OutcomeUnknown' } });
      }
      await head.release();
      expect(await store.append(stream, 'none', events)).toEqual({ revision: 1, position: 2n });
      expect(await store.head()).toBe(2n);
    });

    /** so many that one group waits at the server behind another */
    const appendMany = (store: PostgresEventStore) => {
      const each = Array.from({ length: 40 }, () => ({ stream: newStream(), events: newEvents(1) }));
      const appendAll = () =>
        Promise.allSettled(each.map(({ stream, events }) => store.append(stream, 'none', events)));
      return { outcomes: appendAll(), again: appendAll };
    };

    test('A20 the session is ended with two groups under way: both are unknown, the same ids settle them', async () => {
      const store = log.store();
      await store.append(newStream(), 'none', newEvents(1));
      const head = await log.holdHead();
      const { outcomes, again } = appendMany(store);
      await log.appendWaits();
      await log.terminate('launchdb log append');
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'OutcomeUnknown' } });
      }
      await head.release();
      for (const outcome of await again()) {
        expect(outcome).toMatchObject({ status: 'fulfilled', value: { revision: 0 } });
      }
      expect(await store.head()).toBe(41n);
    });

    test('A20 it had committed and the answer was lost: the same ids give the first result', async () => {
      const network = await unreliableNetwork(log.database.url);
      const store = log.store({ connection: { ...log.connection, connectionString: network.url } });
      const stream = newStream();
      await store.append(stream, 'none', newEvents(1));
      const events = newEvents(3);
      network.set('swallow-answers');
      await expect(store.append(stream, 0, events)).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await store.head()).toBe(4n);
      network.set('open');
      expect(await store.append(stream, 0, events)).toEqual({ revision: 3, position: 4n });
      expect(await store.readStream(stream)).toHaveLength(4);
      await store.close();
      await network.close();
    });

    test('a session that ended while idle costs no append', async () => {
      const store = log.store();
      await store.append(newStream(), 'none', newEvents(1));
      await log.terminate('launchdb log append');
      await vi.waitFor(
        async () => {
          expect(await log.terminate('launchdb log append')).toBe(0);
        },
        { timeout: 30_000 },
      );
      // the end of the session may still be on its way to us, and then it is for the caller to ask again
      const events = newEvents(1);
      const stream = newStream();
      const again = () => store.append(stream, 'none', events);
      const appended = await again().catch((error: unknown) => {
        expect(error).toBeInstanceOf(OutcomeUnknown);
        return again();
      });
      expect(appended.revision).toBe(0);
    });

    test('no server: appends and reads are unavailable, and nothing hangs', async () => {
      const nowhere = { host: '127.0.0.1', port: 1 };
      const pool = log.pool(nowhere);
      const store = log.store({ connection: nowhere, pool });
      await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
      await expect(store.readStream('x')).rejects.toBeInstanceOf(Unavailable);
      await expect(store.readAll({ after: 0n, limit: 1 })).rejects.toBeInstanceOf(Unavailable);
      await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
      const subscription = store.subscribe({ name: 'nowhere', after: 0n }, () => Promise.resolve());
      await subscription.stop();
      await store.close();
      await pool.end();
    });

    test('an append that is stuck gives up, and nothing was written', async () => {
      const store = log.store({ appendTimeoutMs: 1_000 });
      const head = await log.holdHead();
      await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
      await head.release();
      expect(await store.append(newStream(), 'none', newEvents(1))).toEqual({ revision: 0, position: 1n });
    });

    test('two groups that are stuck each give up in their own time, and the session goes on', async () => {
      const store = log.store({ appendTimeoutMs: 1_000 });
      const session = () =>
        log.sql(
          `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name = 'launchdb log append'`,
          [log.database.name],
        );
      await store.append(newStream(), 'none', newEvents(1));
      const before = await session();
      const head = await log.holdHead();
      for (const outcome of await appendMany(store).outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'Unavailable' } });
      }
      await head.release();
      expect(await store.append(newStream(), 'none', newEvents(1))).toEqual({ revision: 0, position: 2n });
      expect(await session()).toEqual(before);
    });

    test('a closed store refuses appends and has finished those it took', async () => {
      const store = log.store();
      const stream = newStream();
      let revision: number | undefined;
      const taken = store
        .append(stream, 'none', newEvents(1))
        .then((appended) => (revision = appended.revision));
      await store.close();
      expect(revision).toBe(0);
      await taken;
      await expect(store.append(stream, 'any', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
    });

    test('B33 an append by another process is delivered by notification', async () => {
      const store = log.store({ pollMs: 600_000 });
      const following = follow(store, { after: 0n }, (seen) => seen.length === 1);
      await log.listening(1);
      await log.store().append(newStream(), 'none', newEvents(1));
      expect((await following).events).toHaveLength(1);
    });

    test('B33 the listening session is ended: what was missed meanwhile is delivered', async () => {
      const store = log.store({ pollMs: 600_000 });
      const writer = log.store();
      const first = follow(store, { after: 0n }, (seen) => seen.length === 1);
      await log.listening(1);
      expect(await log.terminate('launchdb log listen')).toBe(1);
      await writer.append(newStream(), 'none', newEvents(1));
      expect((await first).events).toHaveLength(1);
      const second = follow(store, { after: 1n }, (seen) => seen.length === 1);
      await log.listening(1);
      await writer.append(newStream(), 'none', newEvents(1));
      expect((await second).events).toHaveLength(1);
    });

    test('B33 without any notification polling delivers', async () => {
      const store = log.store({ pollMs: 20, connection: { host: '127.0.0.1', port: 1 } });
      const following = follow(store, { after: 0n }, (seen) => seen.length === 2);
      const writer = log.store();
      await writer.append(newStream(), 'none', newEvents(1));
      await writer.append(newStream(), 'none', newEvents(1));
      expect((await following).events).toHaveLength(2);
    });

    test('B34 the server goes away and comes back: subscriptions and appends go on', async () => {
      const network = await unreliableNetwork(log.database.url);
      const connection = { ...log.connection, connectionString: network.url };
      const pool = log.pool(connection);
      const warnings: string[] = [];
      const quiet = { debug() {}, info() {}, error() {} };
      const store = log.store({
        connection,
        pool,
        pollMs: 20,
        log: { ...quiet, warn: (_fields, message) => warnings.push(message) },
      });
      const following = follow(store, { after: 0n }, (seen) => seen.length === 3);
      await store.append(newStream(), 'none', newEvents(1));
      network.set('refuse');
      await vi.waitFor(() => expect(warnings).toContain('a subscription cannot read the log'), 10_000);
      await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toThrow();
      await log.store().append(newStream(), 'none', newEvents(1));
      network.set('open');
      await store.append(newStream(), 'none', newEvents(1));
      expect((await following).events.map(({ position }) => position)).toEqual([1n, 2n, 3n]);
      await store.close();
      await pool.end();
      await network.close();
    });
  });

  describe('order', () => {
    test('B24 dense after ten thousand mixed commits and rollbacks', async () => {
      const before = newStream();
      const store = log.store();
      await store.append(before, 'none', newEvents(1));
      const churn = (writer: number) =>
        onCluster(log.database.url, (client) =>
          client.query(`DO $$ BEGIN
            FOR i IN 1..2500 LOOP
              PERFORM log.append(ARRAY['churn-${writer}'], ARRAY[1], ARRAY['any'], ARRAY[2],
                ARRAY[gen_random_uuid(), gen_random_uuid()], ARRAY['Noted', 'Noted'], ARRAY[1, 1],
                ARRAY['{}', '{}'], ARRAY['{}', '{}']);
              IF i % 3 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
            END LOOP;
          END $$`),
        );
      let churning = true;
      const alongside = async () => {
        while (churning) await store.append(newStream(), 'none', newEvents(1));
      };
      const also = alongside();
      await Promise.all([0, 1, 2, 3].map(churn));
      churning = false;
      await also;
      const head = await store.head();
      const [row] = await log.sql<{ dense: boolean; count: string }>(
        `SELECT count(*) = max(position) AND min(position) = 1 AS dense, count(*) FROM log.events`,
      );
      expect(row).toEqual({ dense: true, count: head.toString() });
      expect(head).toBeGreaterThan(13_000n);
      expect(await store.verifyChain()).toEqual({ verified: head, brokenAt: null });

      // a filter that lets nothing pass does not read all of it at once, but gets to the end
      const none = { types: ['Nothing'] };
      const { position } = await store.readAll({ after: 0n, limit: 1, filter: none });
      expect(position).toBe(10_000n);
      expect(await store.readAll({ after: position, limit: 1, filter: none })).toEqual({
        events: [],
        unreadable: [],
        position: head,
      });
    });

    test('B25 an append that takes its time is not skipped', async () => {
      const store = log.store({ pollMs: 5 });
      const slow = newEvents(1);
      const quick = newEvents(1);
      const following = follow(store, { after: 0n }, (seen) => seen.length === 2);
      const client = await log.database.pool.connect();
      await client.query('BEGIN');
      await client.query(APPEND.text, valuesOf(newStream(), 'none', slow));
      const appended = store.append(newStream(), 'none', quick);
      await log.appendWaits();
      expect(await store.readAll({ after: 0n, limit: 9 })).toEqual({
        events: [],
        unreadable: [],
        position: 0n,
      });
      await client.query('COMMIT');
      client.release();
      await appended;
      expect((await following).events.map(({ id }) => id)).toEqual([...slow, ...quick].map(({ id }) => id));
    });

    test('B26 an open transaction in another database delays nothing', async () => {
      const tenant = await testDatabase();
      const forgotten = await tenant.pool.connect();
      try {
        await forgotten.query('BEGIN; CREATE TABLE mine (); SELECT txid_current()');
        const store = log.store();
        const following = follow(store, { after: 0n }, (seen) => seen.length === 3);
        await store.append(newStream(), 'none', newEvents(3));
        expect((await following).position).toBe(3n);
      } finally {
        forgotten.release(true);
        await tenant[Symbol.asyncDispose]();
      }
    });

    test('B28 what eight writers wrote is replayed whole, each event once', async () => {
      const writers = Array.from({ length: 8 }, () => log.store());
      const shared = newStream();
      await Promise.all(
        writers.flatMap((store) =>
          Array.from({ length: 40 }, (_, index) =>
            store.append(index % 2 === 0 ? shared : newStream(), 'any', newEvents(1 + (index % 2))),
          ),
        ),
      );
      const [row] = await log.sql<{ count: number }>('SELECT count(*)::int FROM log.events');
      const replayed = await readWhole(log.store(), 0n, 50);
      expect(replayed).toHaveLength(row!.count);
      expect(new Set(replayed.map(({ id }) => id)).size).toBe(8 * 60);
      expect(replayed.filter(({ stream }) => stream === shared).map(({ revision }) => revision)).toEqual(
        Array.from({ length: 160 }, (_, index) => index),
      );
    });

    test('appending never scans the log, also with plans made when it was empty', async () => {
      const scans = async () => {
        const [row] = await log.sql<{ count: number }>(
          `SELECT seq_scan::int AS count FROM pg_stat_user_tables WHERE schemaname = 'log' AND relname = 'events'`,
        );
        return row!.count;
      };
      const before = await scans();
      const store = log.store();
      const events = newEvents(1);
      const stream = newStream();
      for (let round = 0; round < 10; round++) {
        await store.append(stream, 'any', newEvents(2));
        await store.append(newStream(), 'none', newEvents(1));
        await store.append(`${stream}-again`, 'none', events);
      }
      // a session counts for all when it ends
      await store.close();
      await vi.waitFor(async () => expect(await log.terminate('launchdb log append')).toBe(0), {
        timeout: 30_000,
      });
      expect(await scans()).toBe(before);
    });

    test('a page of big events ends before it gets too big for memory', async () => {
      const store = log.store();
      const stream = newStream();
      const big = 'x'.repeat(1_900_000);
      for (let round = 0; round < 4; round++) {
        await store.append(
          stream,
          'any',
          Array.from({ length: 3 }, () => newEvent(big)),
        );
      }
      const first = await store.readAll({ after: 0n, limit: 100 });
      expect(first.events.length).toBeLessThan(12);
      expect(first.position).toBe(BigInt(first.events.length));
      expect(await readWhole(store, 0n)).toHaveLength(12);
    });

    test('an append that is too big as a whole is refused', async () => {
      const big = Array.from({ length: 9 }, () => newEvent('x'.repeat(1_900_000)));
      await expect(log.store().append(newStream(), 'none', big)).rejects.toBeInstanceOf(InvalidAppend);
      await expect(log.store().append(newStream(), 'none', newEvents(1001))).rejects.toBeInstanceOf(
        InvalidAppend,
      );
    });
  });

  test('the metadata of the first append stays when it is repeated', async () => {
    const store = log.store();
    const stream = newStream();
    const event = newEvent();
    const first = await store.append(stream, 'none', [event]);
    const later = { ...event, metadata: { ...someMetadata, correlationId: 'another attempt' } };
    expect(await store.append(stream, 'none', [later])).toEqual(first);
    expect((await store.readStream(stream))[0]?.metadata).toEqual(someMetadata);
  });
});
