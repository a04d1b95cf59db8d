import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EventBatch, EventStore, SubscribeOptions } from '../application/ports/event-store.ts';
import { EsdbEventStore } from '../infrastructure/event-store/eventstoredb/esdb-event-store.ts';
import { EsdbServer } from '../infrastructure/testing/esdb-server/esdb-server.ts';
import { eventCatalogue } from '../infrastructure/event-store/codec/event-catalogue.ts';
import {
  InMemoryEventStore,
  InMemoryLog,
} from '../infrastructure/event-store/memory/in-memory-event-store.ts';
import { onCluster } from '../infrastructure/testing/database.ts';
import { CheckpointWatch, ProjectionBehind } from './checkpoint-watch.ts';
import { advance, beginTerm, ensureCheckpoint, readCheckpoint } from './checkpoints.ts';
import { writeBatch } from './parking.ts';
import { newStore, readEvents, ViewDatabase } from './projection.contract.ts';
import { ProjectionRunner, type RunnerOptions } from './projection-runner.ts';
import { liveTarget, type Projection } from './projection.ts';
import { ensureView, rebuild } from './rebuild.ts';
import { allOf, note, seen, tally } from './tally.contract.ts';
import { withClient } from './transaction.ts';
import { parkedEvents, unpark } from './unpark.ts';
import { sessionOpener } from '../infrastructure/postgres/scram-client.ts';

const LONG = 20_000;
const FOR_EVER = 2 ** 31 - 1;

let views: ViewDatabase;
let store: ReturnType<typeof newStore>;
let watch: CheckpointWatch;
let runners: ProjectionRunner[];

beforeEach(async () => {
  views = await ViewDatabase.create();
  store = newStore();
  watch = new CheckpointWatch(views.pool);
  runners = [];
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  await store.close();
  await views[Symbol.asyncDispose]();
});

function runner(projection: Projection, options: Partial<RunnerOptions> = {}): ProjectionRunner {
  const { pool } = views;
  const openSession = sessionOpener(views.connection);
  const made = new ProjectionRunner(projection, { store, pool, openSession, watch, ...options });
  runners.push(made);
  return made;
}

const until = (condition: () => unknown): Promise<void> =>
  vi.waitFor(async () => expect(await condition()).toBeTruthy(), { timeout: LONG, interval: 20 });

const caughtUp = async (position?: bigint) => watch.waitFor('tally', position ?? (await store.head()), LONG);

/** The session that holds the leader's lock. */
const leaders = async (): Promise<number[]> =>
  (
    await views.sql<{ pid: number }>(
      `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name LIKE '%leader%'`,
    )
  ).map(({ pid }) => pid);

const fence = async (): Promise<bigint> =>
  BigInt((await views.sql<{ fence: string }>('SELECT fence FROM projection.checkpoints'))[0]!.fence);

describe('rows and checkpoint', () => {
  test('a view is there when the runner has started, and follows the log', async () => {
    await note(store, 'a', 'ok', 'ok');
    await runner(tally()).start();
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
    await note(store, 'a', 'ok');
    await note(store, 'b', 'ok');
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: allOf(3), b: allOf(1) });
  });

  test('C31 events that the filter leaves out still move the checkpoint', async () => {
    await runner(tally()).start();
    const position = await note({ append: (_stream, ...rest) => store.append('other', ...rest) }, 'a', 'ok');
    expect(await caughtUp(position)).toBe(position);
    expect((await readCheckpoint(views.pool, 'tally')).position).toBe(position);
    expect(await seen(views.pool)).toEqual({});
  });

  test('C37 rows and checkpoint together or not at all: killed in between', async () => {
    const states: unknown[] = [];
    const projection = tally({
      async afterRows(_events, tx) {
        states.push(await seen(views.database.pool), (await readCheckpoint(views.pool, 'tally')).position);
        if (states.length === 2) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
    });
    await runner(projection).start();
    await note(store, 'a', 'ok', 'ok', 'ok');
    await caughtUp();
    expect(states).toEqual([{}, 0n, {}, 0n]);
    expect(await seen(views.pool)).toEqual({ a: allOf(3) });
  });

  test('C38 redelivery changes nothing', async () => {
    let first: EventBatch | undefined;
    const twice: RunnerOptions['store'] = {
      readAll: (options) => store.readAll(options),
      head: () => store.head(),
      subscribe: (options, onBatch) =>
        store.subscribe(options, async (batch) => {
          first ??= batch;
          await onBatch(batch);
          await onBatch(batch);
          await onBatch(first);
          await onBatch(await store.readAll({ after: 0n, limit: 1000 }));
        }),
    };
    await runner(tally(), { store: twice }).start();
    for (let count = 0; count < 5; count++) await caughtUp(await note(store, 'a', 'ok', 'ok'));
    const last = await note(store, 'a', 'ok');
    await caughtUp(last);
    expect(await seen(views.pool)).toEqual({ a: allOf(11) });
  });
});

describe('one leader', () => {
  test('C39 of two nodes one is active', async () => {
    const [one, two] = [runner(tally()), runner(tally())];
    await Promise.all([one.start(), two.start()]);
    await until(() => one.leading || two.leading);
    for (let count = 0; count < 10; count++) await note(store, 'a', 'ok');
    await caughtUp();
    expect([one, two].filter(({ leading }) => leading)).toHaveLength(1);
    expect(await leaders()).toHaveLength(1);
    expect(await fence()).toBe(1n);
    expect(await seen(views.pool)).toEqual({ a: allOf(10) });
  });

  test("C39 the fenced loser's write aborts", async () => {
    const projection = tally();
    await ensureView(projection, store, views.pool);
    await note(store, 'a', 'ok');
    const events = await readEvents(store, projection);
    const loser = await beginTerm(views.pool, projection);
    const winner = await beginTerm(views.pool, projection);
    const write = (term: typeof loser) =>
      withClient(views.pool, (client) =>
        writeBatch(client, liveTarget(projection), { events, unreadable: [] }, () =>
          advance(client, projection, term!, 1n),
        ),
      );
    expect(await write(loser)).toBe(false);
    expect(await seen(views.pool)).toEqual({});
    expect(await write(winner)).toBe(true);
    expect(await write(winner)).toBe(false);
    expect(await seen(views.pool)).toEqual({ a: allOf(1) });
  });

  test('C39 a runner that has lost its fence steps down, and leads again when it may', async () => {
    await runner(tally()).start();
    await note(store, 'a', 'ok');
    await caughtUp();
    await beginTerm(views.pool, tally());
    await note(store, 'a', 'ok');
    await caughtUp();
    expect(await fence()).toBe(3n);
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
  });

  test('C40 the connection of the leader dies: the other takes over, nothing is applied twice', async () => {
    const connection = { ...views.connection };
    const first = runner(tally(), { openSession: (settings) => sessionOpener(connection)(settings) });
    await first.start();
    await until(() => first.leading);
    const second = runner(tally());
    await second.start();
    let writing = true;
    const writer = (async () => {
      for (; writing; await sleep(1)) await note(store, 'a', 'ok');
    })();
    await until(async () => (await seen(views.pool))['a']);
    // it shall not come back before the other one has seen its chance
    connection.connectionString = views.database.url.replace(/:\d+\//, ':1/');
    await views.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [await leaders()]);
    await until(() => second.leading && !first.leading);
    writing = false;
    await writer;
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: allOf(Number(await store.head())) });
  });

  test('C34 the database is away for a while: the runner comes back by itself', async () => {
    const only = runner(tally());
    await only.start();
    await note(store, 'a', 'ok');
    await caughtUp();
    await onCluster(views.database.clusterUrl, async (client) => {
      const { name } = views.database;
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      await until(() => !only.leading);
      await note(store, 'a', 'ok');
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    });
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
  });

  test('a runner that cannot get a connection of its own does not lead, and stops all the same', async () => {
    const away = { connectionString: views.database.url.replace(/:\d+\//, ':1/') };
    const lost = runner(tally(), { openSession: sessionOpener(away) });
    await lost.start();
    expect(lost.leading).toBe(false);
    await lost.stop();
  });

  test('stopping gives the leadership away at once and leaves no session', async () => {
    const first = runner(tally());
    await first.start();
    await until(() => first.leading);
    await first.stop();
    await first.stop();
    await until(async () => (await leaders()).length === 0);
    const second = runner(tally());
    await second.start();
    await until(() => second.leading);
  });
});

describe('versions', () => {
  test('a new version is built beside the old one, which steps down for good', async () => {
    await note(store, 'a', 'ok');
    const old = runner(tally());
    await old.start();
    await until(() => old.leading);
    const fresh = runner(tally({ version: 2 }));
    await fresh.start();
    await note(store, 'a', 'ok');
    await until(() => fresh.leading && !old.leading);
    await caughtUp();
    expect(await readCheckpoint(views.pool, 'tally')).toEqual({ version: 2, position: 2n });
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
    const again = runner(tally());
    await again.start();
    expect(again.leading).toBe(false);
    expect(await ensureView(tally(), store, views.pool)).toBe('newer');
  });

  test('two that start at once on an empty database build the view once', async () => {
    await note(store, 'a', 'ok');
    let builds = 0;
    const projection = tally({
      afterRows: () => {
        builds++;
        return Promise.resolve();
      },
    });
    const standings = await Promise.all([1, 2, 3].map(() => ensureView(projection, store, views.pool)));
    expect(standings).toEqual(['ready', 'ready', 'ready']);
    expect(builds).toBe(1);
  });

  test('a view that somebody has dropped is built again', async () => {
    await runner(tally()).start();
    await note(store, 'a', 'ok');
    await caughtUp();
    await views.sql('DROP SCHEMA view_tally CASCADE');
    await note(store, 'a', 'ok');
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
    expect(await parkedEvents(views.pool, tally())).toEqual([]);
  });
});

describe('C41 C42 poison', () => {
  const repair = () => views.sql('ALTER TABLE view_tally.tallies DROP CONSTRAINT no_poison');

  test('is parked with the later events of its stream; other streams go on', async () => {
    await note(store, 'a', 'ok');
    await note(store, 'b', 'ok', 'poison', 'ok');
    await note(store, 'c', 'ok', 'ok');
    await runner(tally()).start();
    await note(store, 'b', 'ok');
    await note(store, 'a', 'ok', 'ok');
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: allOf(3), b: '0:ok', c: allOf(2) });
    const parked = await parkedEvents(views.pool, tally());
    const late = 'an earlier event of its stream is parked';
    expect(parked.map(({ stream, revision, reason }) => [stream, revision, reason])).toEqual([
      ['test-b', 1, 'PostgreSQL 23514 tallies no_poison'],
      ['test-b', 2, late],
      ['test-b', 3, late],
    ]);
    expect(parked[0]).toMatchObject({ position: 3n, type: 'OwnerSessionRevoked' });
  });

  test('A22 what a newer release wrote is parked at its place, until this release knows it', async () => {
    const held = new InMemoryLog();
    const [older, newer] = [1, 2].map((version) => {
      const upcasters = { 1: (data: unknown) => data };
      const OwnerSessionRevoked = version === 1 ? { version } : { version, upcasters };
      return new InMemoryEventStore({ catalogue: { OwnerSessionRevoked }, held });
    }) as [InMemoryEventStore, InMemoryEventStore];
    await runner(tally(), { store: older }).start();
    await note(older, 'a', 'ok');
    await note(newer, 'a', 'newer');
    await note(older, 'b', 'ok');
    await note(older, 'a', 'ok');
    await caughtUp(await older.head());
    expect(await seen(views.pool)).toEqual({ a: '0:ok', b: '0:ok' });
    const parked = await parkedEvents(views.pool, tally());
    expect(parked.map(({ stream, revision }) => [stream, revision])).toEqual([
      ['test-a', 1],
      ['test-a', 2],
    ]);
    expect(await unpark(tally(), older, views.pool)).toEqual({ written: 0, parked: 2 });
    // a rebuild by the older release meets the same, one by the newer takes all in
    await rebuild(tally(), older, views.pool);
    expect(await seen(views.pool)).toEqual({ a: '0:ok', b: '0:ok' });
    expect(await unpark(tally(), newer, views.pool)).toEqual({ written: 2, parked: 0 });
    expect(await seen(views.pool)).toEqual({ a: '0:ok 1:newer 2:ok', b: '0:ok' });
    await Promise.all([older.close(), newer.close()]);
  });

  test('un-parked in order; what still fails stays parked and nothing is lost', async () => {
    await runner(tally()).start();
    await note(store, 'b', 'ok', 'poison', 'ok');
    await note(store, 'd', 'poison', 'ok');
    await caughtUp();
    expect(await unpark(tally(), store, views.pool)).toEqual({ written: 0, parked: 4 });
    expect(await seen(views.pool)).toEqual({ b: '0:ok' });
    await repair();
    expect(await unpark(tally(), store, views.pool)).toEqual({ written: 4, parked: 0 });
    await note(store, 'b', 'ok');
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ b: '0:ok 1:poison 2:ok 3:ok', d: '0:poison 1:ok' });
    expect(await parkedEvents(views.pool, tally())).toEqual([]);
    expect(await unpark(tally(), store, views.pool)).toEqual({ written: 0, parked: 0 });
  });

  test('un-parking waits for whoever holds the checkpoint, a rebuild for example', async () => {
    await runner(tally()).start();
    await note(store, 'b', 'poison');
    await caughtUp();
    await repair();
    const waiting = await withClient(views.database.pool, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT FROM projection.checkpoints FOR UPDATE');
      const result = unpark(tally(), store, views.pool);
      await until(async () => {
        const locked = `SELECT FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE' AND datname = current_database()`;
        return (await views.sql(locked)).length === 1;
      });
      await client.query('COMMIT');
      return result;
    });
    expect(waiting).toEqual({ written: 1, parked: 0 });
  });

  test('un-parking while events of the same stream go on keeps their order', async () => {
    await runner(tally()).start();
    await note(store, 'b', 'poison');
    await caughtUp();
    await repair();
    const writer = (async () => {
      for (let count = 0; count < 30; count++) await note(store, 'b', 'poison');
    })();
    await until(async () => {
      await unpark(tally(), store, views.pool);
      return (await seen(views.pool))['b'];
    });
    await writer;
    await caughtUp();
    await unpark(tally(), store, views.pool);
    expect(await seen(views.pool)).toEqual({ b: allOf(31, 'poison') });
  });

  test('code that stumbles over an event parks it as well, and keeps its message short', async () => {
    const projection = tally({
      onEvent(outcome) {
        if (outcome === 'odd') throw new TypeError(`cannot read this ${'x'.repeat(1000)}`);
      },
    });
    await runner(projection).start();
    await note(store, 'a', 'ok', 'odd', 'ok');
    await note(store, 'b', 'ok');
    await caughtUp();
    expect(await seen(views.pool)).toEqual({ a: '0:ok', b: '0:ok' });
    const [parked] = await parkedEvents(views.pool, projection);
    expect(parked?.reason).toMatch(/^TypeError: cannot read this x+$/);
    expect(parked?.reason).toHaveLength(200);
  });

  test('what is nobody else but the database: nothing is parked', async () => {
    let tries = 0;
    const projection = tally({
      async afterRows(_events, tx) {
        if (tries++ < 3) await tx.query('SELECT nothing_of_this_kind()');
      },
    });
    await runner(projection).start();
    await note(store, 'a', 'ok');
    await caughtUp();
    expect(tries).toBe(4);
    expect(await seen(views.pool)).toEqual({ a: allOf(1) });
    expect(await parkedEvents(views.pool, projection)).toEqual([]);
  });

  test('a rebuild tries parked events again and parks anew what fails', async () => {
    await runner(tally()).start();
    await note(store, 'a', 'ok');
    await note(store, 'b', 'poison', 'ok');
    await caughtUp();
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true });
    await note(store, 'b', 'ok');
    await caughtUp();
    expect((await parkedEvents(views.pool, tally())).map(({ revision }) => revision)).toEqual([0, 1, 2]);
  });
});

describe('C46 waiting for a view', () => {
  test('what is there already is there at once, also without a database', async () => {
    const alone = new CheckpointWatch({
      query: () => Promise.reject(new Error('away')),
    } as unknown as typeof views.pool);
    alone.notify('tally', 5n);
    alone.notify('tally', 3n);
    expect(await alone.waitFor('tally', 5n, 0)).toBe(5n);
    await expect(alone.waitFor('tally', 6n, 20)).rejects.toMatchObject({ wanted: 6n, reached: 5n });
  });

  test('a runner in this process wakes who waits', async () => {
    await runner(tally()).start();
    const waiting = [1n, 2n, 3n].map((position) => watch.waitFor('tally', position, LONG));
    await note(store, 'a', 'ok', 'ok', 'ok');
    expect(await Promise.all(waiting)).toEqual([3n, 3n, 3n]);
    expect(await seen(views.pool)).toEqual({ a: allOf(3) });
  });

  test('a runner lets what comes together come, but not while somebody waits', async () => {
    const settled = Promise.withResolvers<SubscribeOptions['settle']>();
    const subscribe: EventStore['subscribe'] = (options, onBatch) => {
      settled.resolve(options.settle);
      return store.subscribe(options, onBatch);
    };
    const heard: RunnerOptions['store'] = {
      readAll: (range) => store.readAll(range),
      head: () => store.head(),
      subscribe,
    };
    await runner(tally(), { store: heard }).start();
    const settle = await settled.promise;
    const waiting = watch.waitFor('tally', 1n, LONG);
    // nobody rests while somebody waits
    await settle!(new AbortController().signal);
    await note(store, 'a', 'ok');
    await waiting;
  });

  test('a rest ends when it is over, when it is given up, when somebody waits for that view', async () => {
    const alone = new CheckpointWatch(views.pool);
    const { signal } = new AbortController();
    const given = new AbortController();
    const ended: string[] = [];
    const rest = async (name: string, ms: number, aborted = signal) => {
      await alone.rest(name, ms, aborted);
      ended.push(name);
    };
    const [wanted, left] = [rest('wanted', FOR_EVER), rest('left', FOR_EVER, given.signal)];
    await rest('over', 1);
    await alone.waitFor('wanted', 1n, 1).catch(() => {});
    await wanted;
    expect(ended).toEqual(['over', 'wanted']);
    given.abort();
    await left;
  });

  test('a runner in another process is polled', async () => {
    const elsewhere = new CheckpointWatch(views.pool);
    const waiting = elsewhere.waitFor('tally', 2n, LONG);
    await runner(tally()).start();
    await note(store, 'a', 'ok', 'ok');
    expect(await waiting).toBe(2n);
  });

  test('too late: a typed error that says how far it is', async () => {
    await ensureCheckpoint(views.pool, 'tally');
    const behind = await watch.waitFor('tally', 1n, 100).catch((error: unknown) => error);
    expect(behind).toBeInstanceOf(ProjectionBehind);
    expect(behind).toMatchObject({ projection: 'tally', wanted: 1n, reached: 0n });
  });
});

test('a checkpoint of another log: it says so once and by name, asks no more, and goes on when it was rebuilt', async () => {
  const server = await EsdbServer.started();
  const elsewhere = new EsdbEventStore({ url: server.url, catalogue: eventCatalogue, pollMs: 50 });
  const errors: { fields: Record<string, unknown>; message: string }[] = [];
  const log = {
    info() {},
    warn() {},
    error: (fields: Record<string, unknown>, message: string) => void errors.push({ fields, message }),
  };
  onTestFinished(async () => {
    await Promise.all(runners.splice(0).map((each) => each.stop()));
    await elsewhere.close();
    await server.stop();
  });
  const projection = tally();
  const position = await note(elsewhere, 'a', 'ok', 'ok');
  await note(elsewhere, 'b', 'ok');
  await ensureView(projection, elsewhere, views.pool);
  const lost = position + 1n;
  await views.sql(`UPDATE projection.checkpoints SET position = ${lost}`);
  await runner(projection, { store: elsewhere, log }).start();
  await until(() => errors.length > 0);
  expect(errors[0]!.fields).toMatchObject({ projection: 'tally', checkpoint: String(lost) });
  expect(errors[0]!.message).toContain('launchdb replay tally');
  expect(errors[0]!.message).toContain(`its checkpoint ${lost} is no place of this log`);
  const { read } = server.calls;
  await sleep(1_500);
  expect(server.calls.read).toBe(read);
  expect(errors).toHaveLength(1);
  expect(await rebuild(projection, elsewhere, views.pool)).toMatchObject({ equal: false, events: 3 });
  await caughtUp(await note(elsewhere, 'a', 'ok'));
  expect(await seen(views.pool)).toEqual({ a: allOf(3), b: allOf(1) });
  expect(errors).toHaveLength(1);
});
