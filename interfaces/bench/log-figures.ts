/** How fast a long log is read again, how soon an event is seen, what a page of the audit trail costs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { NewEvent } from '../../application/ports/event-store.ts';
import { projectStream } from '../../domain/project/project-id.ts';
import type { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { auditOf } from '../../projections/audit-trail/queries.ts';
import { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { ProjectionRunner } from '../../projections/projection-runner.ts';
import { liveTarget } from '../../projections/projection.ts';
import { rebuild } from '../../projections/rebuild.ts';
import { views } from '../composition/views.ts';
import { benchServer, type BenchServer } from './bench-server.ts';
import { median, quantile, timed, type Figure, type Section } from './figures.ts';
import { EVENTS_PER_PROJECT, fillLog, idOf, metadata, ownerOf, OWNERS, PROJECTS } from './long-log.ts';
import { sessionOpener } from '../../infrastructure/postgres/scram-client.ts';

const ROUNDS = 3;
const FETCH = 2_000;
const PAGES = 200;
const APPENDS = 300;

export const logFigures: Section = {
  name: 'log',
  summary: `a log of ${(PROJECTS * EVENTS_PER_PROJECT).toLocaleString('en')} events: replay, a plain cursor beside it, visibility, audit pages`,
  async run() {
    const server = await benchServer();
    try {
      const store = server.store();
      const filled = await timedRate(() => fillLog(store, 'paused'));
      const reading = await replayFigures(server, store);
      const idle = await visibleFigures(server, store, 'idle');
      const open = new pg.Client(server.superuser('postgres'));
      await open.connect();
      await open.query('BEGIN; CREATE TABLE forgotten (x int)');
      const beside = await visibleFigures(server, store, 'a transaction left open in another database');
      await open.end();
      const [verified] = [await timedRate(async () => Number((await store.verifyChain()).verified))];
      return [
        { what: 'filling it: appends of 20 events each, 64 callers', values: [filled], unit: 'events/s' },
        ...reading,
        { what: 'verify, every hash', values: [verified], unit: 'events/s' },
        ...idle,
        ...beside,
        await pageFigure(server),
      ];
    } finally {
      await server.close();
    }
  },
};

/** @param work gives how many events it was about */
async function timedRate(work: () => Promise<number>): Promise<number> {
  let count = 0;
  const ms = await timed(async () => (count = await work()));
  return count / (ms / 1000);
}

/** Each view from nothing, and a cursor right before, so that both are taken under the same load. */
async function replayFigures(server: BenchServer, store: PostgresEventStore): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const view of views) {
    const cursors: number[] = [];
    const replays: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await server.pool.query(`DROP SCHEMA IF EXISTS ${liveTarget(view).schema} CASCADE`);
      cursors.push(await timedRate(() => readByCursor(server)));
      const replayed = async () => (await rebuild(view, store, server.pool)).events;
      replays.push(await timedRate(() => delivered(view.name, store, replayed)));
    }
    figures.push({
      what: `replay of ${view.name}`,
      values: replays,
      unit: 'events/s',
      beside: { what: 'a plain cursor over the same rows', value: median(cursors) },
      target: '100,000 events/s and a ratio of 0.5',
    });
  }
  return figures;
}

/** @throws it is not what is stored */
async function delivered(
  view: string,
  store: PostgresEventStore,
  read: () => Promise<number>,
): Promise<number> {
  const [events, stored] = [await read(), Number(await store.head())];
  if (events !== stored) throw new Error(`${view} was given ${events} events of ${stored}`);
  return events;
}

async function readByCursor(server: BenchServer): Promise<number> {
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `DECLARE rows CURSOR FOR SELECT position, stream, revision, id, type, schema_version, data, metadata, recorded_at,
       encode(hash, 'hex') AS hash FROM log.events ORDER BY position`,
  );
  let count = 0;
  for (;;) {
    const { rowCount } = await client.query(`FETCH ${FETCH} FROM rows`);
    if (!rowCount) break;
    count += rowCount;
  }
  await client.end();
  return count;
}

/** From before the append until a reader of the list view can see it. */
async function visibleFigures(
  server: BenchServer,
  store: PostgresEventStore,
  circumstances: string,
): Promise<Figure[]> {
  const watch = new CheckpointWatch(server.pool);
  const [list] = views;
  if (!list) throw new Error('no views');
  const runner = new ProjectionRunner(list, {
    store,
    pool: server.pool,
    openSession: sessionOpener(server.connection),
    watch,
  });
  await runner.start();
  await watch.waitFor(list.name, await store.head(), 60_000);
  const taken: number[] = [];
  for (let nth = 0; nth < APPENDS; nth++) {
    const event: NewEvent = {
      id: randomUUID(),
      type: 'ProjectRenamed',
      data: { displayName: `Seen ${nth}` },
      metadata,
    };
    taken.push(
      await timed(async () => {
        const { position } = await store.append(projectStream(idOf(nth)), 'any', [event]);
        await watch.waitFor(list.name, position, 10_000);
      }),
    );
    await sleep(5);
  }
  await runner.stop();
  return [
    {
      what: `append to visible, p50, ${circumstances}`,
      values: [quantile(taken, 0.5)],
      unit: 'ms',
      target: 'at most 5',
    },
    {
      what: `append to visible, p99, ${circumstances}`,
      values: [quantile(taken, 0.99)],
      unit: 'ms',
      target: 'at most 25',
    },
  ];
}

/** Pages anywhere in the trail of one owner, with and without a filter. */
async function pageFigure({ pool }: BenchServer): Promise<Figure> {
  const taken: number[] = [];
  let cursor: string | undefined;
  for (let nth = 0; nth < PAGES; nth++) {
    const filters = [
      {},
      { type: 'ProjectRenamed' },
      { projectId: idOf(nth * OWNERS) },
      { until: new Date() },
    ];
    const query = {
      ownerId: ownerOf(0),
      limit: 100,
      ...filters[nth % filters.length],
      ...(nth % 4 === 0 && { cursor }),
    };
    taken.push(
      await timed(async () => {
        const page = await auditOf(pool, query);
        if (nth % 4 === 0) cursor = page.nextCursor ?? undefined;
      }),
    );
  }
  return {
    what: 'a page of 100 audit entries, p99',
    values: [quantile(taken, 0.99)],
    unit: 'ms',
    target: 'at most 10',
  };
}
