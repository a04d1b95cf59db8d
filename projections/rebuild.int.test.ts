import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventStore } from '../application/ports/event-store.ts';
import { auditTrail } from './audit-trail/audit-trail.ts';
import { CheckpointWatch } from './checkpoint-watch.ts';
import { readCheckpoint } from './checkpoints.ts';
import { writeBatch } from './parking.ts';
import { newStore, readEvents, recordScenario, ViewDatabase } from './projection.contract.ts';
import { projectList } from './project-list/project-list.ts';
import { ProjectionRunner } from './projection-runner.ts';
import { liveTarget } from './projection.ts';
import type { ViewProgress } from '../application/background/watched-views.ts';
import { rebuild } from './rebuild.ts';
import { replay } from './replay.ts';
import { allOf, note, seen, tally } from './tally.contract.ts';
import { longQuery, transaction, withClient } from './transaction.ts';
import { sessionOpener } from '../infrastructure/postgres/scram-client.ts';

let views: ViewDatabase;
let store: ReturnType<typeof newStore>;

beforeEach(async () => {
  views = await ViewDatabase.create();
  store = newStore();
});
afterEach(async () => {
  await store.close();
  await views[Symbol.asyncDispose]();
});

const schemas = async (): Promise<string[]> =>
  (
    await views.sql<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'view%' ORDER BY 1`,
    )
  ).map(({ nspname }) => nspname);

const notes = async (count: number, name = 'a'): Promise<void> => {
  for (let done = 0; done < count; done++) await note(store, name, 'ok');
};

describe('C43 a rebuild while everything goes on', () => {
  test('commands and queries go on, no query fails or sees less than before, nothing is lost', async () => {
    await notes(50);
    const watch = new CheckpointWatch(views.pool);
    const { pool } = views;
    const openSession = sessionOpener(views.connection);
    const runner = new ProjectionRunner(tally(), { store, pool, openSession, watch });
    await runner.start();
    let going = true;
    const seenSoFar: number[] = [];
    const reader = async () => {
      for (let before = 0; going;) {
        const now = ((await seen(views.database.pool))['a'] ?? '').split(' ').length;
        expect(now).toBeGreaterThanOrEqual(before);
        before = now;
        seenSoFar.push(now);
      }
    };
    const writer = async () => {
      while (going) {
        await notes(1);
        await sleep(2);
      }
    };
    const others = [reader(), reader(), reader(), writer()];
    try {
      for (let times = 0; times < 5; times++) {
        expect(await rebuild(tally(), store, views.pool, { batchSize: 50 })).toMatchObject({ equal: true });
      }
    } finally {
      going = false;
      await Promise.all(others);
    }
    await watch.waitFor('tally', await store.head(), 20_000);
    await runner.stop();
    expect(seenSoFar.length).toBeGreaterThan(10);
    expect(await seen(views.pool)).toEqual({ a: allOf(Number(await store.head())) });
    expect(await schemas()).toEqual(['view_tally']);
  });

  test('two rebuilds of one view wait for one another', async () => {
    await notes(10);
    const rebuilt = await Promise.all([1, 2].map(() => rebuild(tally(), store, views.pool)));
    expect(new Set(rebuilt.map(({ equal }) => equal))).toEqual(new Set([null, true]));
    expect(await schemas()).toEqual(['view_tally']);
  });

  test('a rebuild that waits for another one outlasts the time that a statement is given', async () => {
    await notes(10);
    const holder = await views.database.pool.connect();
    const impatient = new pg.Pool({ ...views.connection, max: 1, statement_timeout: 300 });
    const lock = `hashtextextended('rebuild of tally', 0)`;
    await holder.query(`SELECT pg_advisory_lock(${lock})`);
    const waited = vi.fn();
    const rebuilt = rebuild(tally(), store, impatient, { onProgress: ({ doing }) => waited(doing) });
    await vi.waitFor(() => expect(waited.mock.calls.length).toBeGreaterThan(3), { timeout: 30_000 });
    expect(new Set(waited.mock.calls.flat())).toEqual(new Set(['waiting for another rebuild']));
    await holder.query(`SELECT pg_advisory_unlock(${lock})`);
    expect(await rebuilt).toMatchObject({ equal: null });
    holder.release();
    await impatient.end();
  });

  test('a query that is still reading the old copy is waited for, and ends well', async () => {
    await notes(3);
    await rebuild(tally(), store, views.pool);
    const slow = views.database.pool.query('SELECT seen, pg_sleep(1) FROM view_tally.tallies');
    await vi.waitFor(
      async () => {
        const running = await views.sql(
          `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`,
        );
        expect(running).toHaveLength(1);
      },
      { timeout: 30_000 },
    );
    await rebuild(tally(), store, views.pool);
    expect((await slow).rows).toMatchObject([{ seen: `${allOf(3)} ` }]);
    expect(await schemas()).toEqual(['view_tally']);
  });
});

describe('C44 rebuilt rows equal live rows', () => {
  const corruptions = [
    ['a changed row', `UPDATE view_tally.tallies SET seen = seen || ' ' WHERE stream = 'test-a'`, 2],
    ['a lost row', `DELETE FROM view_tally.tallies WHERE stream = 'test-a'`, 1],
    ['an invented row', `INSERT INTO view_tally.tallies VALUES ('test-z', '')`, 1],
  ] as const;

  test.each(corruptions)('%s is reported, and gone afterwards', async (_what, sql, rows) => {
    await notes(3);
    await notes(2, 'b');
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: null, rows: 2, events: 5 });
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true, rows: 2, differing: [] });
    await views.sql(sql);
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({
      equal: false,
      rows: 2,
      differing: [{ table: 'tallies', rows }],
    });
    expect(await seen(views.pool)).toEqual({ a: allOf(3), b: allOf(2) });
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true });
  });

  test.each([
    ['lost', 'DROP TABLE view_tally.tallies'],
    ['changed', 'ALTER TABLE view_tally.tallies ADD more text'],
    ['of other columns', 'ALTER TABLE view_tally.tallies RENAME seen TO unseen'],
    ['one too many', 'CREATE TABLE view_tally.empty ()'],
  ])('a table that is %s is reported, and right afterwards', async (_what, sql) => {
    await notes(3);
    await rebuild(tally(), store, views.pool);
    await notes(2);
    await views.sql(sql);
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: false });
    expect(await seen(views.pool)).toEqual({ a: allOf(5) });
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true });
  });

  test('a live view that only lags behind is equal, and not behind any more', async () => {
    await notes(3);
    await rebuild(tally(), store, views.pool);
    await notes(4);
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true, position: 7n, events: 7 });
    expect(await readCheckpoint(views.pool, 'tally')).toEqual({ version: 1, position: 7n });
    expect(await seen(views.pool)).toEqual({ a: allOf(7) });
  });

  test('another version is not compared', async () => {
    await notes(3);
    await rebuild(tally(), store, views.pool);
    expect(await rebuild(tally({ version: 2 }), store, views.pool)).toMatchObject({ equal: null });
    expect(await readCheckpoint(views.pool, 'tally')).toEqual({ version: 2, position: 3n });
  });

  test('a log that was restored from an older backup: the view goes back to its end', async () => {
    await notes(5);
    await rebuild(tally(), store, views.pool);
    await store.close();
    store = newStore();
    await notes(2);
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: false, position: 2n });
    expect(await readCheckpoint(views.pool, 'tally')).toEqual({ version: 1, position: 2n });
    expect(await seen(views.pool)).toEqual({ a: allOf(2) });
  });
});

describe('C45 a rebuild that breaks in the middle', () => {
  const reads = (after: number, broken: () => Promise<unknown>): Pick<EventStore, 'readAll' | 'head'> => ({
    head: () => store.head(),
    async readAll(options) {
      if (after-- === 0) await broken();
      return store.readAll(options);
    },
  });
  /** What the death of the rebuilding process looks like to the database. */
  const kill = () =>
    views.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND datname = current_database()`,
    );

  test.each([1, 2, 4])(
    'killed after %i batches: the live view is as it was, the next one succeeds',
    async (after) => {
      await notes(10);
      await rebuild(tally(), store, views.pool);
      const options = { batchSize: 2 };
      await expect(rebuild(tally(), reads(after, kill), views.pool, options)).rejects.toThrow(/./);
      expect(await seen(views.pool)).toEqual({ a: allOf(10) });
      expect(await schemas()).toEqual(['view_tally', 'view_tally__next']);
      expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true, events: 10 });
      expect(await schemas()).toEqual(['view_tally']);
    },
  );

  test('killed during the switch: all of it or nothing', async () => {
    await notes(10);
    await rebuild(tally(), store, views.pool);
    await notes(2);
    let switching = false;
    const projection = tally({
      afterRows: async (events) => {
        // the live view is brought up to date by the switch alone
        if (events.length !== 2) return;
        switching = true;
        await kill();
      },
    });
    await expect(rebuild(projection, store, views.pool)).rejects.toThrow(/./);
    expect(switching).toBe(true);
    expect(await seen(views.pool)).toEqual({ a: allOf(10) });
    expect(await readCheckpoint(views.pool, 'tally')).toEqual({ version: 1, position: 10n });
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true });
    expect(await seen(views.pool)).toEqual({ a: allOf(12) });
  });

  test('aborted by a signal, or ended by a log that fails', async () => {
    await notes(10);
    await rebuild(tally(), store, views.pool);
    const stopping = new AbortController();
    const options = { batchSize: 2, signal: stopping.signal, onProgress: () => stopping.abort() };
    await expect(rebuild(tally(), store, views.pool, options)).rejects.toMatchObject({ name: 'AbortError' });
    const away = () => Promise.reject(new Error('away'));
    await expect(rebuild(tally(), reads(1, away), views.pool, { batchSize: 2 })).rejects.toThrow('away');
    expect(await seen(views.pool)).toEqual({ a: allOf(10) });
    expect(await rebuild(tally(), store, views.pool)).toMatchObject({ equal: true });
  });
});

describe('C47 replay', () => {
  test('rebuilds all, reports each, shows progress, and can do nothing but read the log', async () => {
    await recordScenario(store);
    const head = await store.head();
    // a project is listed from its request on, a spare one from when it was asked for
    const begun = (await readEvents(store, projectList)).filter(({ type }) =>
      ['ProjectRequested', 'SpareRequested'].includes(type),
    );
    const readOnly = { readAll: store.readAll.bind(store), head: store.head.bind(store) };
    const shown: [string, ViewProgress][] = [];
    const onProgress = (name: string, progress: ViewProgress) => shown.push([name, progress]);
    const projections = [projectList, auditTrail];
    await replay(projections, readOnly, views.pool);
    const replayed = await replay(projections, readOnly, views.pool, { onProgress });
    expect(replayed).toMatchObject([
      { projection: 'project-list', equal: true, rows: begun.length, position: head },
      { projection: 'audit-trail', equal: true, events: Number(head), position: head },
    ]);
    for (const { durationMs } of replayed) expect(durationMs).toBeGreaterThan(0);
    const stages = ['reading', 'making indexes', 'comparing'];
    expect(shown.map(([name, { doing }]) => [name, doing])).toEqual(
      ['project-list', 'audit-trail'].flatMap((name) => stages.map((stage) => [name, stage])),
    );
    const total = Number(head);
    for (const [, progress] of shown) expect(progress).toMatchObject({ done: total, total, secondsLeft: 0 });
    expect(await store.head()).toBe(head);
  });

  test('progress counts up to the head', async () => {
    await notes(10);
    const shown: ViewProgress[] = [];
    await rebuild(tally(), store, views.pool, {
      batchSize: 4,
      onProgress: (progress) => shown.push(progress),
    });
    expect(shown.map(({ done, total }) => [done, total])).toEqual([
      [4, 10],
      [8, 10],
      [10, 10],
      [10, 10],
      [10, 10],
    ]);
    expect(shown[0]?.secondsLeft).toBeGreaterThan(0);
    expect(shown[0]?.ratePerSecond).toBeGreaterThan(0);
  });
});

test('a statement on whole tables is not cut short as others are', async () => {
  const hasty = new pg.Pool({ ...views.connection, statement_timeout: 200, query_timeout: 400 });
  await withClient(hasty, (client) =>
    transaction(client, async () => {
      await longQuery(client, 'SELECT pg_sleep(1)');
      expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '200ms' }]);
    }),
  );
  await hasty.end();
});

test('an event that cannot be written is parked alone, also among thousands that are new', async () => {
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => note(store, `n-${index}`, 'ok')));
  await note(store, 'n-700', 'poison', 'ok');
  await note(store, 'n-800', 'ok');
  expect(await rebuild(tally(), store, views.pool)).toMatchObject({ rows: 2_000, events: 2_003 });
  const parked = await views.sql('SELECT stream, revision::int FROM projection.parked ORDER BY position');
  expect(parked).toEqual([
    { stream: 'test-n-700', revision: 1 },
    { stream: 'test-n-700', revision: 2 },
  ]);
  expect(await seen(views.pool)).toMatchObject({ 'n-700': allOf(1), 'n-800': allOf(2) });
});

test('the rows of one batch are written by one statement: thousands of events a second', async () => {
  const projection = tally();
  await rebuild(projection, store, views.pool);
  await Promise.all(Array.from({ length: 500 }, (_, index) => note(store, `n-${index}`, 'ok', 'ok')));
  const events = await readEvents(store, projection);
  await withClient(views.pool, async (client) => {
    const query = vi.spyOn(client, 'query');
    await writeBatch(client, liveTarget(projection), { events, unreadable: [] });
    expect(query.mock.calls.length).toBeLessThan(10);
  });
  expect(Object.keys(await seen(views.pool))).toHaveLength(500);
});
